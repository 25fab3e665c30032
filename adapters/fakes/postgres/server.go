package fakepg

import (
	"cmp"
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"syscall"
	"time"

	"stockproof/adapters/fakes/internal/pipe"
)

// Server speaks PostgreSQL's protocol for a [Database], on in-memory connections ([Server.Dial]) and
// on listeners ([Server.Serve]). Its methods may be called from any goroutine.
type Server struct {
	db      Database
	catalog catalog

	mu      sync.Mutex
	faults  Faults
	slots   map[string]*servedSlot
	conns   map[uint32]*conn
	lastPID uint32
	refused bool
	closed  bool
	running sync.WaitGroup
}

// NewServer serves db.
func NewServer(db Database) *Server {
	return &Server{db: db, catalog: newCatalog(db.SystemID()), conns: map[uint32]*conn{}}
}

// SetFaults makes fn decide about every later request; nil delivers all of them.
func (s *Server) SetFaults(fn Faults) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = fn
}

// fate asks the faults.
func (s *Server) fate(r Request) Fate {
	s.mu.Lock()
	decide := s.faults
	s.mu.Unlock()
	if decide == nil {
		return Deliver
	}
	return decide(r)
}

// Dial opens a connection inside this process. It fits pgconn.Config's DialFunc; the address is only
// a name. Refused connections are ECONNREFUSED, as from a port that nobody listens on.
func (s *Server) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	client, server := pipe.New(network, addr)
	if !s.accept(server) {
		return nil, &net.OpError{Op: "dial", Net: network, Addr: client.RemoteAddr(), Err: syscall.ECONNREFUSED}
	}
	return client, nil
}

// Serve accepts connections from l until l is closed or the server is. Refused ones are accepted and
// reset: only a closed listener makes the system refuse.
func (s *Server) Serve(l net.Listener) error {
	for {
		nc, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		if !s.accept(&socket{nc}) {
			(&socket{nc}).Reset()
		}
	}
}

// accept starts the backend of a connection.
func (s *Server) accept(t transport) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refused || s.closed {
		return false
	}
	s.lastPID++
	c := newConn(s, t, s.lastPID)
	s.conns[c.pid] = c
	s.running.Go(c.serve)
	return true
}

// forget is the last thing a connection does.
func (s *Server) forget(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c.pid)
}

// Backend is a line of pg_stat_activity.
type Backend struct {
	PID         uint32
	Application string // application_name; empty before the startup message
}

// Activity lists the connections by PID, like pg_stat_activity.
func (s *Server) Activity() []Backend {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Backend, 0, len(s.conns))
	for _, c := range s.conns {
		list = append(list, Backend{c.pid, c.applicationName()})
	}
	slices.SortFunc(list, func(a, b Backend) int { return cmp.Compare(a.PID, b.PID) })
	return list
}

// Refuse makes the server unreachable for new connections, or reachable again. Those it has stay.
func (s *Server) Refuse(refused bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused = refused
}

// Cut ends every connection now, without a word: the cable, or the machine. What a connection
// executes goes on to its end (a COMMIT has its effect), what waits for a lock does not; open
// transactions roll back. Cut returns when they have.
func (s *Server) Cut() { s.end((*conn).cut) }

// Terminate ends every connection as an administrator's shutdown does: FATAL 57P01, then the end.
func (s *Server) Terminate() { s.end((*conn).terminate) }

// Kill ends one backend like pg_terminate_backend. It reports whether there was one.
func (s *Server) Kill(pid uint32) bool {
	c := s.backend(pid)
	if c == nil {
		return false
	}
	c.terminate()
	<-c.done
	return true
}

// Close refuses new connections for ever, cuts those there are and waits for their goroutines.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.Cut()
	s.running.Wait()
}

func (s *Server) end(how func(*conn)) {
	s.mu.Lock()
	all := make([]*conn, 0, len(s.conns))
	for _, c := range s.conns {
		all = append(all, c)
	}
	s.mu.Unlock()
	for _, c := range all {
		how(c)
	}
	for _, c := range all {
		<-c.done
	}
}

func (s *Server) backend(pid uint32) *conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conns[pid]
}

// transport is a connection that can end in more ways than net.Conn's one.
type transport interface {
	net.Conn
	Reset() // both directions, at once; buffered bytes are lost
	Sever() // the client's end is over, what it has sent can still be read
}

// socket is a transport on the system's network.
type socket struct{ net.Conn }

func (s *socket) Reset() {
	if tcp, ok := s.Conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // RST instead of FIN; the connection ends either way
	}
	_ = s.Close()
}

func (s *socket) Sever() {
	if half, ok := s.Conn.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite() // fails only where the client is gone already
	}
	_ = s.SetReadDeadline(time.Now().Add(severedReadWait))
}

// severedReadWait is how long a severed socket is read: only what is on the machine already counts.
const severedReadWait = 50 * time.Millisecond
