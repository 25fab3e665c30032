// Package shop is a deductor that somebody else wrote, tested with the checkers from outside: its suite records
// what its clients ask and are told, and states each guarantee in one line.
package shop
