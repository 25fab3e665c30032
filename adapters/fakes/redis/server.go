package fakeredis

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"

	"stockproof/adapters/fakes/internal/pipe"
	"stockproof/adapters/redis/command"
)

// Addr is the address to give to the client: it is only a name.
const Addr = "miniredis:6379"

// replID answers INFO replication, which miniredis does not know; the last digits count the empty
// restarts.
const replID = "fa4e000000000000000000000000000000000000"

// Server is a running miniredis. It is safe for concurrent use.
type Server struct {
	redis *miniredis.Miniredis

	mu       sync.Mutex
	down     bool
	now      time.Time
	lives    byte
	observer func(command.StockChange)
	token    string                    // the token that the running script has looked for
	replayed map[*server.Peer]struct{} // connections of our own, which the hook lets pass
}

// Start starts an empty server whose clock stands at now.
func Start(now time.Time) (*Server, error) {
	s := &Server{redis: miniredis.NewMiniRedis(), now: now, replayed: map[*server.Peer]struct{}{}}
	s.redis.SetTime(now)
	s.redis.ClockTTL(true)
	return s, s.serve()
}

// Close ends the server.
func (s *Server) Close() { s.Kill() }

// serve starts miniredis without a listener, which it does at the first connection.
func (s *Server) serve() error {
	conn, err := s.redis.Dial()
	if err != nil {
		return err
	}
	s.redis.Server().SetPreHook(s.hook)
	return conn.Close()
}

// Dial makes a connection: the client's dialer.
func (s *Server) Dial(context.Context, string, string) (net.Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		return nil, &net.OpError{Op: "dial", Net: "memory", Err: syscall.ECONNREFUSED}
	}
	client, served := pipe.New("memory", Addr)
	s.redis.Server().ServeConn(served)
	return client, nil
}

// Kill breaks every connection; what was sent and not answered may have happened. Data stays.
func (s *Server) Kill() {
	s.mu.Lock()
	dead := s.down
	s.down = true
	s.mu.Unlock()
	if !dead {
		s.redis.Close()
	}
}

// Restart lets connections in again. An empty one has lost its data, its scripts and its replication
// id.
func (s *Server) Restart(empty bool) error {
	s.Kill()
	if err := s.serve(); err != nil {
		return err
	}
	if empty {
		s.redis.FlushAll()
		if _, err := s.Command("SCRIPT", "FLUSH"); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if empty {
		s.lives++
	}
	s.down = false
	return nil
}

// AdvanceClock puts the server's clock d ahead; keys expire by it.
func (s *Server) AdvanceClock(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
	s.redis.SetTime(s.now)
}

// OnStockChange sets the observer of the article's stock, as the in-memory Redis has it. It is called
// while the script runs, so it must not call the server.
func (s *Server) OnStockChange(fn func(command.StockChange)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.observer = fn
}

// Command runs a command as redis-cli would, beside the connections. Not while the server is down.
func (s *Server) Command(args ...string) (any, error) {
	_, reply, err := s.replay(nil, args)
	return reply, err
}

// Sizes tells every key that exists and the bytes that it and its value take, in any order. For audits.
func (s *Server) Sizes(each func(key string, bytes int)) error {
	found, err := s.Command("KEYS", "*")
	if err != nil {
		return fmt.Errorf("list the keys: %w", err)
	}
	keys, _ := found.([]any)
	for _, k := range keys {
		key, _ := k.(string)
		value, err := s.Command("HGETALL", key)
		if err != nil { // no hash: of another type than these two there is none
			if value, err = s.Command("GET", key); err != nil {
				return fmt.Errorf("size of %s: %w", key, err)
			}
		}
		bytes := len(key)
		switch v := value.(type) {
		case string:
			bytes += len(v)
		case []any:
			for _, part := range v {
				text, _ := part.(string)
				bytes += len(text)
			}
		}
		each(key, bytes)
	}
	return nil
}

// replay runs a command on a connection of our own, with what like knows of its client, and gives the
// reply raw and parsed.
func (s *Server) replay(like *server.Peer, args []string) (raw string, reply any, err error) {
	var out bytes.Buffer
	w := bufio.NewWriter(&out)
	peer := server.NewPeer(w)
	if like != nil {
		peer.Ctx = like.Ctx
	}
	s.mu.Lock()
	s.replayed[peer] = struct{}{}
	s.mu.Unlock()
	s.redis.Server().Dispatch(peer, args)
	s.mu.Lock()
	delete(s.replayed, peer)
	s.mu.Unlock()
	if err := w.Flush(); err != nil {
		return "", nil, err
	}
	raw = out.String()
	if text, refused := strings.CutPrefix(raw, "-"); refused {
		return raw, nil, errors.New(strings.TrimSpace(text))
	}
	reply, err = server.ParseReply(bufio.NewReader(strings.NewReader(raw)))
	return raw, plain(reply), err
}

// plain gives miniredis's replies the types of package command.
func plain(reply any) any {
	switch v := reply.(type) {
	case int:
		return int64(v)
	case []byte:
		return string(v)
	case server.Simple:
		return command.Status(v)
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	}
	return reply
}
