package fakepg

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"stockproof/inventory/port"
)

// servedSlot is a slot that clients may stream, one at a time.
type servedSlot struct {
	open   func() port.Slot
	active uint32 // the backend that streams it, 0: none
}

// ServeSlot lets clients stream a replication slot by its name, with pgoutput. open connects to it: once
// for every START_REPLICATION. As long as a backend streams the slot nobody else can, and a backend whose
// client is gone first takes in what that has sent.
func (s *Server) ServeSlot(name string, open func() port.Slot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.slots == nil {
		s.slots = map[string]*servedSlot{}
	}
	s.slots[name] = &servedSlot{open: open}
}

// acquire gives a slot to a backend.
func (s *Server) acquire(name string, pid uint32) (*servedSlot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	slot := s.slots[name]
	switch {
	case slot == nil:
		return nil, &Error{Code: "42704", Message: fmt.Sprintf("replication slot %q does not exist", name)}
	case slot.active != 0:
		return nil, &Error{Code: "55006", Message: fmt.Sprintf("replication slot %q is active for PID %d", name, slot.active)}
	}
	slot.active = pid
	return slot, nil
}

func (s *Server) release(slot *servedSlot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	slot.active = 0
}

// slotOf is the slot that a START_REPLICATION names.
func slotOf(sql string) (name string, ok bool) {
	rest, ok := strings.CutPrefix(sql, "START_REPLICATION SLOT ")
	if !ok {
		return "", false
	}
	name, rest, ok = strings.Cut(rest, " ")
	return strings.Trim(name, `"`), ok && strings.HasPrefix(rest, "LOGICAL ") && strings.Contains(rest, "proto_version '1'")
}

// replicate streams a slot until the connection ends, which it always does with that; a slot that is not
// to be had is an error, and the connection stays. One goroutine
// sends what the slot has; this one hears what the client has done with.
func (c *conn) replicate(sql, name string) error {
	var served *servedSlot
	err := c.meet(Request{Step: Execute, SQL: sql}, func() (err error) {
		served, err = c.server.acquire(name, c.pid)
		return err
	})
	if served != nil {
		defer c.server.release(served)
	}
	if err != nil {
		if err = c.fail(err); err != nil {
			return err
		}
		return c.ready()
	}
	slot := served.open()
	c.wire.Send(&pgproto3.CopyBothResponse{})
	if err := c.wire.Flush(); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		if err := c.send(ctx, slot); ctx.Err() == nil {
			fatal := *asError(err)
			fatal.Code, fatal.Fatal = "55006", true
			c.finish(&fatal, func() { _ = c.net.SetReadDeadline(time.Unix(1, 0)) })
		}
	}()
	err = c.hear(ctx, slot)
	stop()
	<-sent
	return err
}

// sendMax is how many changes are sent at once.
const sendMax = 1000

// send puts a slot's changes on the wire, in order, until that fails: it always returns an error.
func (c *conn) send(ctx context.Context, slot port.Slot) error {
	plugin := newPgoutput()
	for {
		changes, err := slot.Read(ctx, sendMax)
		if err != nil {
			return err
		}
		for _, change := range changes {
			messages, err := plugin.encode(change)
			if err != nil {
				return err
			}
			for _, m := range messages {
				b := message{'w'}.u64(change.LSN).u64(endOf(change)).u64(uint64(time.Now().UnixMicro() - pgEpoch))
				c.wire.Send(&pgproto3.CopyData{Data: append(b, m...)})
			}
		}
		if err := c.wire.Flush(); err != nil {
			return err
		}
	}
}

// hear takes the client's status updates: what it has flushed is confirmed.
func (c *conn) hear(ctx context.Context, slot port.Slot) error {
	for {
		m, err := c.wire.Receive()
		if err != nil {
			return c.why(err)
		}
		switch m := m.(type) {
		case *pgproto3.CopyData:
			if len(m.Data) != 34 || m.Data[0] != 'r' {
				return &Error{Code: "08P01", Fatal: true, Message: "unexpected message in the stream of a slot"}
			}
			flushed := binary.BigEndian.Uint64(m.Data[9:])
			if flushed == 0 {
				continue
			}
			if err := slot.Confirm(ctx, flushed); err != nil {
				return &Error{Code: "55006", Fatal: true, Message: err.Error()}
			}
		case *pgproto3.CopyDone, *pgproto3.Terminate:
			return errClosed
		default:
			return errors.Join(errClosed, fmt.Errorf("unexpected %T in the stream of a slot", m))
		}
	}
}
