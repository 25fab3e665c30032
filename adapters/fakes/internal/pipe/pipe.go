package pipe

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// New makes a connection and returns its two ends. The network and the server's name are what the ends
// say they are; they lead nowhere.
func New(network, server string) (client, served *End) {
	up, down := newStream(), newStream()
	here, there := Addr{network, "client"}, Addr{network, server}
	return &End{in: down, out: up, local: here, remote: there}, &End{in: up, out: down, local: there, remote: here}
}

// Addr is the name of an end.
type Addr struct{ Net, Name string }

// Network implements [net.Addr].
func (a Addr) Network() string { return a.Net }

func (a Addr) String() string { return a.Name }

// End is one end of a pipe. It is a [net.Conn].
type End struct {
	in, out       *stream
	local, remote net.Addr
}

// Read waits for what the other end wrote.
func (p *End) Read(b []byte) (int, error) { return p.in.read(b) }

// Write never waits.
func (p *End) Write(b []byte) (int, error) { return p.out.write(b) }

// Close ends both directions: the other end reads what is already buffered, then io.EOF, as on a
// socket.
func (p *End) Close() error {
	p.in.closeReader()
	p.out.closeWriter()
	return nil
}

// Reset ends both directions at once and drops what is buffered in them, as a cut cable or a killed
// server does.
func (p *End) Reset() {
	p.in.reset()
	p.out.reset()
}

// Sever ends the other end: it reads and writes nothing any more, while this one can still read what was
// sent.
func (p *End) Sever() {
	p.out.reset()
	p.in.cutWriter()
}

// LocalAddr names this end.
func (p *End) LocalAddr() net.Addr { return p.local }

// RemoteAddr names the other.
func (p *End) RemoteAddr() net.Addr { return p.remote }

// SetDeadline sets both.
func (p *End) SetDeadline(t time.Time) error {
	p.in.readDeadline.set(t)
	p.out.writeDeadline.set(t)
	return nil
}

// SetReadDeadline bounds the wait of Read.
func (p *End) SetReadDeadline(t time.Time) error { p.in.readDeadline.set(t); return nil }

// SetWriteDeadline refuses every Write behind t.
func (p *End) SetWriteDeadline(t time.Time) error { p.out.writeDeadline.set(t); return nil }

// stream is one direction of a pipe.
type stream struct {
	mu           sync.Mutex
	moved        *sync.Cond
	buf          []byte
	at           int  // buf[at:] is unread
	written      bool // the writer closed: the reader gets the rest, then io.EOF
	severed      bool // the same, and the writer does not know it
	readerGone   bool
	broken       bool
	readDeadline deadline
	// A write never waits, so a write deadline only refuses writes that come after it.
	writeDeadline deadline
}

func newStream() *stream {
	s := &stream{}
	s.moved = sync.NewCond(&s.mu)
	s.readDeadline.s, s.writeDeadline.s = s, s
	return s
}

func (s *stream) read(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.readerGone:
			return 0, net.ErrClosed
		case s.readDeadline.passed:
			return 0, os.ErrDeadlineExceeded
		case s.broken:
			return 0, syscall.ECONNRESET
		case s.at < len(s.buf):
			n := copy(b, s.buf[s.at:])
			if s.at += n; s.at == len(s.buf) {
				s.buf, s.at = s.buf[:0], 0
			}
			return n, nil
		case s.written || s.severed:
			return 0, io.EOF
		case len(b) == 0:
			return 0, nil
		}
		s.moved.Wait()
	}
}

func (s *stream) write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.written:
		return 0, net.ErrClosed
	case s.writeDeadline.passed:
		return 0, os.ErrDeadlineExceeded
	case s.broken || s.severed:
		return 0, syscall.ECONNRESET
	case s.readerGone: // as a socket: the writer learns it from what it reads
		return len(b), nil
	}
	s.buf = append(s.buf, b...)
	s.moved.Broadcast()
	return len(b), nil
}

func (s *stream) closeReader() { s.end(func() { s.readerGone, s.buf, s.at = true, nil, 0 }) }
func (s *stream) closeWriter() { s.end(func() { s.written = true }) }
func (s *stream) cutWriter()   { s.end(func() { s.severed = true }) }
func (s *stream) reset()       { s.end(func() { s.broken, s.buf, s.at = true, nil, 0 }) }

func (s *stream) end(mark func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	mark()
	s.moved.Broadcast()
}

// deadline is one of net.Conn's two: guarded by its stream's mutex.
type deadline struct {
	s      *stream
	passed bool
	timer  *time.Timer
	turn   int // of set: a timer that was stopped too late finds another turn
}

func (d *deadline) set(t time.Time) {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	d.turn++
	d.passed = false
	if t.IsZero() {
		return
	}
	wait := time.Until(t)
	if wait <= 0 {
		d.passed = true
		d.s.moved.Broadcast()
		return
	}
	turn := d.turn
	d.timer = time.AfterFunc(wait, func() {
		d.s.mu.Lock()
		defer d.s.mu.Unlock()
		if d.turn == turn {
			d.passed = true
			d.s.moved.Broadcast()
		}
	})
}
