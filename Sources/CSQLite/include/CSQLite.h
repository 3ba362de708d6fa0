// What SQLite offers and Swift cannot call: functions with a varying number of arguments.
#pragma once

// SQLITE_CONFIG_MEMSTATUS off: SQLite then takes no lock at each allocation to count its memory,
// of which nobody asks. SQLITE_MISUSE, and no change, once SQLite has been used in the process.
int csqlite_keep_no_memory_statistics(void);
