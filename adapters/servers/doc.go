// Package servers runs the real PostgreSQL 15 and Redis 7 for tests and benchmarks.
//
// Nothing here is a container or a shared installation: each server is a child process of the test binary, started
// from the installed Debian binaries in a directory of its own, on loopback ports of its own, with the durability
// that production has (fsync and synchronous_commit on, wal_level=logical). A test therefore may kill it.
//
//	pg := servers.Postgres(t)                      // a server of this test's own: Stop, Kill, Restart
//	dsn := servers.SharedPostgres(t).NewDatabase(t) // one server per test binary, a fresh database per caller
//	addr := servers.Redis(t)                       // an empty Redis; StartRedis gives Kill and Restart
//	addrs := servers.RedisCluster(t)               // three masters, cluster_state:ok on each of them
//
// # What it promises
//
// A server that is returned answers queries, and the answer came from this very child: the ready check compares the
// data directory or the process id, because another program's server on the same port would answer as well. Ports
// lie below the kernel's range for outgoing connections, so that no client's socket takes the port while the server
// is down between Kill and Restart. A server ends with the test, and with the test binary however that dies: the
// kernel sends SIGKILL when the parent goes (Linux), and a janitor that reads a pipe from the test binary sees its
// end, kills what is left and removes the directory.
//
// # What it does not
//
// It installs nothing: a missing binary skips the test loudly and names the Debian package. It has no proxy and no
// faults beyond signals. PostgreSQL refuses to run as root, so a root test binary runs it as user "postgres", which
// the Debian package creates.
package servers
