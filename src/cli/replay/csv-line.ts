/** One field of a line, with the column it begins in, counted from 1. */
export interface Field {
  readonly text: string;
  readonly column: number;
}

/** Why a line is no CSV, and in which column. */
export interface BadLine {
  readonly column: number;
  readonly what: string;
}

/** The fields of one line (RFC 4180). A quoted field must end on its line: no name and no value of ours has a line end. */
export function splitCsvLine(line: string): readonly Field[] | BadLine {
  if (!line.includes('"')) return splitPlain(line);
  const fields: Field[] = [];
  let at = 0;
  for (;;) {
    const column = at + 1;
    if (line[at] !== '"') {
      const end = line.indexOf(',', at);
      fields.push({ text: line.slice(at, end < 0 ? undefined : end), column });
      if (end < 0) return fields;
      at = end + 1;
      continue;
    }
    const end = closingQuote(line, at);
    if (end === undefined) return { column, what: 'a quoted field does not end on its line' };
    fields.push({ text: line.slice(at + 1, end).replaceAll('""', '"'), column });
    if (end + 1 === line.length) return fields;
    if (line[end + 1] !== ',') return { column: end + 2, what: 'a comma is missing behind a quoted field' };
    at = end + 2;
  }
}

function splitPlain(line: string): readonly Field[] {
  let column = 1;
  return line.split(',').map(text => {
    const field = { text, column };
    column += text.length + 1;
    return field;
  });
}

function closingQuote(line: string, opening: number): number | undefined {
  for (let at = opening + 1; at < line.length; at += 1) {
    if (line[at] !== '"') continue;
    if (line[at + 1] !== '"') return at;
    at += 1;
  }
  return undefined;
}
