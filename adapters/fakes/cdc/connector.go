package cdc

import (
	"context"
	"errors"
	"fmt"
	"time"

	"stockproof/adapters/debezium"
	"stockproof/inventory"
	"stockproof/inventory/port"
)

// Options are the settings of a connector that do not show in its records.
type Options struct {
	BatchMax      int               // max.batch.size: changes per read; default 2048
	FlushBatches  int               // flush the position after so many batches; default 1: after each
	FlushInterval time.Duration     // and when a batch ends this long after the last flush; default 0: never
	Heartbeat     time.Duration     // heartbeat.interval.ms; default 0: none
	Backoff       inventory.Backoff // between attempts; default inventory.DefaultBackoff

	// Duplicate says which records to deliver once more, at new offsets: n counts the records that
	// this process produced, from 0, duplicates and heartbeats apart. The duplicates follow the batch
	// in its order. That is harsher than Debezium, which re-emits everything behind a point: here an
	// older record of a key may be its last. Default nil: none.
	Duplicate func(n int, rec port.Record) bool

	Faults
	Snapshot Snapshot // snapshot.mode; default SnapshotNever
}

// New makes a connector's process. A configuration that cannot work is the error of its Run.
func New(slot port.Slot, broker port.Broker, rt port.Runtime, cfg debezium.Config, o Options) port.Process {
	if o.BatchMax <= 0 {
		o.BatchMax = 2048
	}
	if o.FlushBatches <= 0 {
		o.FlushBatches = 1
	}
	if o.Backoff == (inventory.Backoff{}) {
		o.Backoff = inventory.DefaultBackoff
	}
	return &connector{slot: slot, broker: broker, rt: rt, cfg: cfg, o: o}
}

type connector struct {
	slot   port.Slot
	broker port.Broker
	rt     port.Runtime
	cfg    debezium.Config
	o      Options
}

// Run implements [port.Process]: it ends with ctx, or with what would fail a connector's task.
func (c *connector) Run(ctx context.Context) error {
	now := func() int64 { return c.rt.Now().UnixNano() }
	encoder, err := debezium.NewEncoder(c.cfg, now)
	if err != nil {
		return fmt.Errorf("cdc: start connector %s: %w", c.cfg.TopicPrefix, err)
	}
	tasks := c.rt.Group(ctx)
	tasks.Go("stream", func(ctx context.Context) error {
		s := stream{connector: c, encoder: encoder, flushed: c.rt.Now()}
		return s.run(ctx)
	})
	if c.o.Heartbeat > 0 {
		tasks.Go("heartbeat", func(ctx context.Context) error { return c.beat(ctx, now) })
	}
	err = tasks.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// beat has an encoder of its own: a heartbeat is no event of a transaction.
func (c *connector) beat(ctx context.Context, now func() int64) error {
	encoder, err := debezium.NewEncoder(c.cfg, now)
	if err != nil {
		return err
	}
	for {
		if err := c.rt.Sleep(ctx, c.o.Heartbeat); err != nil {
			return err
		}
		if err := c.produce(ctx, []port.Record{encoder.Heartbeat()}); err != nil {
			return err
		}
	}
}

// produce writes until the broker acknowledges. What an attempt of unknown outcome left in the log is
// there twice then.
func (c *connector) produce(ctx context.Context, recs []port.Record) error {
	if len(recs) == 0 {
		return nil
	}
	err := inventory.Retry(ctx, c.rt, c.o.Backoff, func() error {
		attempt := append([]port.Record(nil), recs...) // a late request may still be reading an old one
		return c.broker.Produce(ctx, attempt...)
	})
	if err != nil {
		return fmt.Errorf("cdc: produce %d records from %s: %w", len(recs), recs[0].Topic, err)
	}
	return nil
}

// stream is one run of the loop from slot to broker.
type stream struct {
	*connector
	encoder  *debezium.Encoder
	produced int       // records, duplicates apart
	changes  int       // that were read
	lastLSN  uint64    // of the change read before
	batches  int       // since the last flush
	flushed  time.Time // the last flush
	next     uint64    // commit LSN of the last transaction that was encoded whole; 0: none since the last flush
	done     uint64    // the same once the broker has acknowledged it: what may be confirmed
}

func (s *stream) run(ctx context.Context) error {
	if err := s.snapshot(ctx); err != nil {
		return err
	}
	for {
		changes, err := s.read(ctx)
		if err != nil {
			return err
		}
		if err := s.emit(ctx, changes); err != nil {
			return err
		}
		if err := s.flush(ctx); err != nil {
			return err
		}
	}
}

// read waits for changes. The stream of a slot that broke starts at the confirmed position again, and
// may belong to another timeline: what was done and not flushed is forgotten with it.
func (s *stream) read(ctx context.Context) ([]port.Change, error) {
	var changes []port.Change
	err := inventory.Retry(ctx, s.rt, s.o.Backoff, func() (err error) {
		if changes, err = s.slot.Read(ctx, s.o.BatchMax); err != nil {
			s.next, s.done, s.batches, s.lastLSN = 0, 0, 0, 0
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("cdc: read the slot of connector %s: %w", s.cfg.TopicPrefix, err)
	}
	return changes, nil
}

// emit encodes and produces one batch, and behind it what is to be delivered twice. What comes before
// a change that cannot be encoded is still produced.
func (s *stream) emit(ctx context.Context, changes []port.Change) error {
	var recs, again []port.Record
	var failure error
	for _, c := range changes {
		more, err := s.encode(recs, c)
		if err != nil {
			failure = fmt.Errorf("cdc: connector %s failed: %w", s.cfg.TopicPrefix, err)
			break
		}
		for _, rec := range more[len(recs):] {
			if s.o.Duplicate != nil && s.o.Duplicate(s.produced, rec) {
				again = append(again, rec)
			}
			s.produced++
		}
		if recs = more; c.Last {
			s.next = c.CommitLSN
		}
	}
	if err := s.produce(ctx, recs); err != nil {
		return err
	}
	s.done = s.next
	if err := s.produce(ctx, again); err != nil {
		return err
	}
	return failure
}

// encode appends the records of a change, and what the faults make of it.
func (s *stream) encode(recs []port.Record, c port.Change) ([]port.Record, error) {
	n, skip := s.loses(c)
	if skip {
		return recs, nil
	}
	recs, err := s.encoder.Encode(recs, c)
	if err != nil {
		return nil, err
	}
	return s.noise(recs, n, c)
}

// flush confirms what was done, when it is time to.
func (s *stream) flush(ctx context.Context) error {
	s.batches++
	late := s.o.FlushInterval > 0 && s.rt.Now().Sub(s.flushed) >= s.o.FlushInterval
	if s.done == 0 || s.batches < s.o.FlushBatches && !late {
		return nil
	}
	err := s.slot.Confirm(ctx, s.done)
	switch {
	case err == nil:
		s.next, s.done, s.batches, s.flushed = 0, 0, 0, s.rt.Now()
	case ctx.Err() != nil || !errors.Is(err, port.ErrUnavailable) && !errors.Is(err, port.ErrUnknown):
		return fmt.Errorf("cdc: confirm up to LSN %d of connector %s: %w", s.done, s.cfg.TopicPrefix, err)
	}
	return nil // the next batch tries again
}
