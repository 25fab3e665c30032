// Package pipe is a network connection inside one process, for servers that real clients talk to.
//
// What one end writes the other reads, in order. Unlike net.Pipe it buffers, without a bound, because a
// pipelining client writes a whole batch before it reads an answer, and the server answers before it has
// read the whole batch: with a full buffer in both directions neither would go on.
//
// An end that is closed lets the other read what is buffered and then io.EOF, as a socket does. It can
// also break ([End.Reset], [End.Sever]), as a cut cable or a killed server does.
package pipe
