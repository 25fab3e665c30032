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

// ServeSlot lets clients stream a replication slot by its name, with pgoutput. open connects to it:
// once for every START_REPLICATION, whose connection ends what an earlier one had.
func (s *Server) ServeSlot(name string, open func() port.Slot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.slots == nil {
		s.slots = map[string]func() port.Slot{}
	}
	s.slots[name] = open
}

func (s *Server) slot(name string) func() port.Slot {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.slots[name]
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

// replicate streams a slot until the connection ends, which it always does with that. One goroutine
// sends what the slot has; this one hears what the client has done with.
func (c *conn) replicate(sql, name string) error {
	open := c.server.slot(name)
	if open == nil {
		return &Error{Code: "42704", Fatal: true, Message: fmt.Sprintf("replication slot %q does not exist", name)}
	}
	var slot port.Slot
	err := c.meet(Request{Step: Execute, SQL: sql}, func() error { slot = open(); return nil })
	if err != nil {
		return err
	}
	c.wire.Send(&pgproto3.CopyBothResponse{})
	if err := c.wire.Flush(); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		if err := c.send(ctx, slot); err != nil && ctx.Err() == nil {
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

// send puts a slot's changes on the wire, in order.
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
