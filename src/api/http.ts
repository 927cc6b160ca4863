/**
 * Node's http. An `import` of it reads everything that it exports, and so loads Node's own client for the web, HTTP/2 and
 * web streams, some 10 MB that a gateway never uses; asked for in this way it loads only itself.
 */
export const { createServer, request } = process.getBuiltinModule('node:http');
