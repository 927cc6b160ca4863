// Loaded into the recorded process before it begins, and into its threads: every database that asks for synchronous=FULL
// gets NORMAL. The store itself has no such switch.
import BetterSqlite3 from 'better-sqlite3';

const { pragma } = BetterSqlite3.prototype;
BetterSqlite3.prototype.pragma = function (text, ...rest) {
  return pragma.call(this, text.replace('synchronous = FULL', 'synchronous = NORMAL'), ...rest);
};
