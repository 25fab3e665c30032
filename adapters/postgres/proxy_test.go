package postgres_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// proxy stands between the adapter and the server, reads the protocol, and lets a test act exactly
// before or after the server executes a statement.
type proxy struct {
	server string
	// before is called with every statement that the client executes, before the server has it; after,
	// when the server has answered it and the client has not read on. Both may cut the link.
	before, after atomic.Pointer[func(l *link, text string)]
}

// newProxy returns the proxy and the DSN that leads through it.
func newProxy(t *testing.T, dsn string) (*proxy, string) {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	p := &proxy{server: u.Host}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go p.serve(client)
		}
	}()
	u.Host = listener.Addr().String()
	return p, u.String()
}

// link is one connection through the proxy.
type link struct {
	client, server net.Conn
	statements     map[string]string // prepared name to text
	bound          string

	mu       sync.Mutex
	moved    *sync.Cond
	answered int    // statements that the server answered
	executed int    // statements that it was sent
	muted    bool   // the client hears nothing any more
	tag      string // what the client hears as the next statement's tag; "": what the server says
	pid      uint32
	over     bool
}

func (p *proxy) serve(client net.Conn) {
	server, err := net.Dial("tcp", p.server)
	if err != nil {
		client.Close()
		return
	}
	l := &link{client: client, server: server, statements: map[string]string{}}
	l.moved = sync.NewCond(&l.mu)
	go l.answers()
	defer l.cut()
	if !l.startup() {
		return
	}
	for {
		frame, err := readFrame(client)
		if err != nil {
			return
		}
		if frame[0] != 'E' {
			l.note(frame)
			if _, err := server.Write(frame); err != nil {
				return
			}
			continue
		}
		if act := p.before.Load(); act != nil {
			(*act)(l, l.bound)
		}
		if l.execute(frame) != nil {
			return
		}
		if act := p.after.Load(); act != nil {
			l.flushed()
			(*act)(l, l.bound)
		}
	}
}

// startup forwards the first message, which has no type. It may be a cancel request.
func (l *link) startup() bool {
	head := make([]byte, 4)
	if _, err := io.ReadFull(l.client, head); err != nil {
		return false
	}
	body := make([]byte, binary.BigEndian.Uint32(head)-4)
	if _, err := io.ReadFull(l.client, body); err != nil {
		return false
	}
	_, err := l.server.Write(append(head, body...))
	return err == nil
}

// note learns what the statement names stand for.
func (l *link) note(frame []byte) {
	fields := bytes.SplitN(frame[5:], []byte{0}, 3)
	switch {
	case frame[0] == 'P' && len(fields) > 1:
		l.statements[string(fields[0])] = strings.TrimSpace(string(fields[1]))
	case frame[0] == 'B' && len(fields) > 1:
		l.bound = l.statements[string(fields[1])]
	}
}

func (l *link) execute(frame []byte) error {
	l.mu.Lock()
	l.executed++
	l.mu.Unlock()
	_, err := l.server.Write(frame)
	return err
}

// flushed asks the server for its answers so far and waits until it has answered every statement, or
// the link is over.
func (l *link) flushed() {
	_, _ = l.server.Write([]byte{'H', 0, 0, 0, 4})
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.answered < l.executed && !l.over {
		l.moved.Wait()
	}
}

// mute keeps from the client whatever the server says from now on.
func (l *link) mute() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.muted = true
}

// retag puts another command tag into the answer to the next statement.
func (l *link) retag(tag string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tag = tag
}

// leave closes the client's side only: the server does not know yet.
func (l *link) leave() { l.client.Close() }

// cut closes both sides.
func (l *link) cut() {
	l.client.Close()
	l.server.Close()
}

func (l *link) backend() uint32 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.pid
}

// answers carries what the server says, one message at a time.
func (l *link) answers() {
	defer func() {
		_ = l.client.(*net.TCPConn).CloseWrite() // not Close: that could overtake what was said last
		l.mu.Lock()
		l.over = true
		l.mu.Unlock()
		l.moved.Broadcast()
	}()
	for {
		frame, err := readFrame(l.server)
		if err != nil {
			return
		}
		l.mu.Lock()
		muted, said := l.muted, frame
		if frame[0] == 'C' && l.tag != "" {
			said = append(binary.BigEndian.AppendUint32([]byte{'C'}, uint32(4+len(l.tag)+1)), l.tag+"\x00"...)
			l.tag = ""
		}
		l.mu.Unlock()
		if !muted {
			_, _ = l.client.Write(said) // a client that is gone does not keep the server from going on
		}
		l.mu.Lock()
		switch frame[0] {
		case 'K':
			l.pid = binary.BigEndian.Uint32(frame[5:])
		case 'C', 'I':
			l.answered++
		case 'E': // what follows in the pipeline is skipped
			l.answered = l.executed
		}
		l.mu.Unlock()
		l.moved.Broadcast()
	}
}

func readFrame(r io.Reader) ([]byte, error) {
	head := make([]byte, 5)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, err
	}
	frame := append(head, make([]byte, binary.BigEndian.Uint32(head[1:])-4)...)
	_, err := io.ReadFull(r, frame[5:])
	return frame, err
}
