/** All tables are here, so that a database shared with others keeps theirs and ours apart. */
export const SCHEMA = 'baimo'
