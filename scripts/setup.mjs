// npm run setup: installs what is missing and starts nothing. What an installation on a gateway runs once.
import { ensureInstalled } from './install.mjs';

ensureInstalled();
