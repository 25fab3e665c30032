// Package contract holds one suite per port: what the production code relies on, as tests that run
// against the servers in memory, against the fakes through the real clients, and against the real
// servers. A fake is believed exactly as far as it passes the suite that the real thing passes.
//
// A suite takes a function that opens an empty bed: the port, and handles that put the server behind
// it into a state. It knows nothing of which server that is; where one is known to differ, the bed
// says so in a field with a reason.
package contract
