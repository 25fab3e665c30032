package postgres

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"stockproof/inventory/port"
)

// SlotOptions name a slot and the way to it.
type SlotOptions struct {
	// DSN is a connection string of a user who may replicate. Required.
	DSN string
	// Name is the slot's, and that of its publication (see CreateSlot). Required.
	Name string
	// ConnectTimeout bounds one attempt to connect; 0 = 5 s.
	ConnectTimeout time.Duration
	// Dial replaces the network; nil = TCP with keepalives.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Slot is port.Slot over a replication connection with pgoutput, protocol version 1. Not for
// concurrent use. Truncations are left out, as a connector does by default.
type Slot struct {
	config *pgconn.Config
	name   string

	conn    *pgconn.PgConn // nil: the next call connects
	decoder decoder
	ready   []port.Change // decoded and not returned yet
	ends    []commitEnd   // transactions that were decoded and not confirmed, in order
	flushed uint64        // up to where the server was told to forget
	commits uint64        // the largest commit that was confirmed
}

// commitEnd says where a transaction's commit record begins, which is what callers confirm, and where it
// ends, which is what the server must hear: it repeats every commit that begins at or behind what it was
// told.
type commitEnd struct{ commit, end uint64 }

var _ port.Slot = (*Slot)(nil)

// OpenSlot prepares a reader of a slot; it connects with the first call. The error is of the DSN.
func OpenSlot(o SlotOptions) (*Slot, error) {
	config, err := pgconn.ParseConfig(o.DSN)
	if err != nil {
		return nil, fmt.Errorf("open slot %s: %w", o.Name, err)
	}
	config.RuntimeParams["replication"] = "database"
	config.RuntimeParams["application_name"] = "stockproof " + o.Name
	config.ConnectTimeout = o.ConnectTimeout
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 5 * time.Second
	}
	if o.Dial != nil {
		config.DialFunc = o.Dial
		config.LookupFunc = func(_ context.Context, host string) ([]string, error) { return []string{host}, nil }
	}
	return &Slot{config: config, name: o.Name}, nil
}

// Close ends the connection. The slot stays.
func (s *Slot) Close() { s.hangUp() }

// Read implements [port.Slot].
func (s *Slot) Read(ctx context.Context, max int) ([]port.Change, error) {
	err := s.connect(ctx)
	for err == nil && (len(s.ready) == 0 || len(s.ready) < max && s.conn.Frontend().ReadBufferLen() > 0) {
		err = s.receive(ctx)
	}
	if err != nil {
		return nil, s.failed(ctx, "read", err)
	}
	n := min(max, len(s.ready))
	changes := s.ready[:n:n]
	s.ready = s.ready[n:]
	return changes, nil
}

// Confirm implements [port.Slot]: lsn is the CommitLSN of the last change that is done with.
func (s *Slot) Confirm(ctx context.Context, lsn uint64) error {
	n := 0
	for n < len(s.ends) && s.ends[n].commit <= lsn {
		n++
	}
	if n == 0 {
		return nil
	}
	err := s.connect(ctx)
	if err == nil {
		err = s.tell(max(s.flushed, s.ends[n-1].end))
	}
	if err != nil {
		return s.failed(ctx, "confirm", err)
	}
	s.commits = max(s.commits, s.ends[n-1].commit)
	s.ends = s.ends[n:]
	return nil
}

// connect starts the stream where there is none: from what is confirmed, so changes come again.
func (s *Slot) connect(ctx context.Context) error {
	if s.conn != nil {
		return nil
	}
	conn, err := pgconn.ConnectConfig(ctx, s.config)
	if err != nil {
		return err
	}
	s.conn, s.ready, s.decoder = conn, nil, newDecoder(s.commits)
	conn.Frontend().Send(&pgproto3.Query{String: fmt.Sprintf(
		`START_REPLICATION SLOT %s LOGICAL 0/0 (proto_version '1', publication_names '%s')`,
		pgx.Identifier{s.name}.Sanitize(), pgx.Identifier{s.name}.Sanitize())})
	if err := conn.Frontend().Flush(); err != nil {
		return err
	}
	for {
		message, err := conn.ReceiveMessage(ctx)
		if err != nil {
			return err
		}
		switch m := message.(type) {
		case *pgproto3.CopyBothResponse:
			return nil
		case *pgproto3.ErrorResponse:
			return pgconn.ErrorResponseToPgError(m)
		}
	}
}

// receive takes one message of the stream.
func (s *Slot) receive(ctx context.Context) error {
	message, err := s.conn.ReceiveMessage(ctx)
	if err != nil {
		return err
	}
	switch m := message.(type) {
	case *pgproto3.ErrorResponse:
		return pgconn.ErrorResponseToPgError(m)
	case *pgproto3.CopyDone:
		return errors.New("the server ended the stream")
	case *pgproto3.CopyData:
		switch {
		case len(m.Data) >= 18 && m.Data[0] == 'k':
			return s.keepalive(binary.BigEndian.Uint64(m.Data[1:]), m.Data[17] != 0)
		case len(m.Data) >= 25 && m.Data[0] == 'w':
			return s.decode(binary.BigEndian.Uint64(m.Data[1:]), m.Data[25:])
		}
	}
	return nil
}

func (s *Slot) decode(lsn uint64, message []byte) error {
	changes, end, err := s.decoder.decode(lsn, message)
	if err != nil {
		return err
	}
	s.ready = append(s.ready, changes...)
	if end.commit != 0 && (len(s.ends) == 0 || s.ends[len(s.ends)-1].commit < end.commit) {
		s.ends = append(s.ends, end)
	}
	return nil
}

// keepalive answers the server's question whether we are there. While nothing is on its way to the
// caller, the log may be forgotten as far as the server has read it: other tables write it too.
func (s *Slot) keepalive(read uint64, asked bool) error {
	quiet := len(s.ends) == 0 && len(s.ready) == 0 && !s.decoder.inside()
	if quiet && read > s.flushed {
		return s.tell(read)
	}
	if asked {
		return s.tell(s.flushed)
	}
	return nil
}

// tell sends a standby status update.
func (s *Slot) tell(flushed uint64) error {
	b := make([]byte, 0, 34)
	b = append(b, 'r')
	for range 3 { // written, flushed, applied
		b = binary.BigEndian.AppendUint64(b, flushed)
	}
	b = binary.BigEndian.AppendUint64(b, uint64(time.Now().UnixMicro()-postgresEpoch))
	b = append(b, 0)
	s.conn.Frontend().Send(&pgproto3.CopyData{Data: b})
	if err := s.conn.Frontend().Flush(); err != nil {
		return err
	}
	s.flushed = flushed
	return nil
}

// failed ends the stream: the next call begins again at what is confirmed.
func (s *Slot) failed(ctx context.Context, what string, err error) error {
	s.hangUp()
	switch {
	case ctx.Err() != nil:
		err = errors.Join(ctx.Err(), err)
	case isBroken(err): // what cannot be read now cannot be read later
	default:
		err = classify(err, false)
	}
	return fmt.Errorf("%s slot %s of postgres %s:%d/%s: %w", what, s.name,
		s.config.Host, s.config.Port, s.config.Database, err)
}

// hangUp ends the stream: a server that is asked politely would finish it first.
func (s *Slot) hangUp() {
	if s.conn != nil {
		hangUp(s.conn)
		s.conn, s.ready = nil, nil
	}
}
