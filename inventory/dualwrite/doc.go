// Package dualwrite is the design that the article argues against, and rightly: the API writes
// PostgreSQL and Redis itself, one after the other. Whatever happens between the two writes, a crash,
// a lost response, a client that tries again, leaves them apart, and nothing ever brings them
// together.
//
// It shares tables and scripts with the article (inventory.Shop); its only difference is who applies
// a row, and when: the API, before it answers.
package dualwrite
