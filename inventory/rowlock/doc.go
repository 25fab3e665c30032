// Package rowlock is the textbook: SELECT ... FOR UPDATE on the stock row in the order's transaction.
// It holds what it claims, and every order of a hot SKU waits for the one before it to reach the
// disk: the performance baseline of the other designs.
//
// One transaction per order: lock the stock rows in key order, look for the command, decide, write.
// The unique command id makes a retry find its first answer. There is no speed layer: reads go to
// the stock row.
package rowlock
