package cdc

import (
	"context"
	"fmt"

	"stockproof/inventory"
	"stockproof/inventory/port"
)

// Snapshot is snapshot.mode: whether the rows that are in the tables already are sent before the
// stream, as op r. To a consumer that takes every record for a command, it is all of history again.
type Snapshot uint8

// The modes.
const (
	SnapshotNever   Snapshot = iota // no_data
	SnapshotInitial                 // once: where nothing was ever confirmed
	SnapshotAlways                  // whenever the process starts
)

// Snapshotter is a slot whose server can be asked for rows. That of adapters/memory is one.
type Snapshotter interface {
	port.Slot
	// Snapshot reads the rows of the slot's tables, in the order of tables and keys, as they are where
	// the stream begins: op r, at an LSN that confirms the snapshot. With unlessBegun it reads nothing
	// where a position was confirmed before.
	Snapshot(ctx context.Context, unlessBegun bool) (rows []port.Change, lsn uint64, err error)
}

// snapshot sends the snapshot that the mode asks for and confirms it: a process that dies before takes
// it again from the start.
func (s *stream) snapshot(ctx context.Context) error {
	if s.o.Snapshot == SnapshotNever {
		return nil
	}
	slot, ok := s.slot.(Snapshotter)
	if !ok {
		return fmt.Errorf("cdc: snapshot of connector %s: its slot's server gives none: %w",
			s.cfg.TopicPrefix, port.ErrContract)
	}
	var rows []port.Change
	var lsn uint64
	err := inventory.Retry(ctx, s.rt, s.o.Backoff, func() (err error) {
		rows, lsn, err = slot.Snapshot(ctx, s.o.Snapshot == SnapshotInitial)
		return err
	})
	if err != nil {
		return fmt.Errorf("cdc: snapshot of connector %s: %w", s.cfg.TopicPrefix, err)
	}
	for len(rows) > 0 {
		n := min(len(rows), s.o.BatchMax)
		if err := s.emit(ctx, rows[:n]); err != nil {
			return err
		}
		rows = rows[n:]
	}
	s.next, s.done, s.batches = 0, 0, 0
	if lsn == 0 {
		return nil
	}
	// Where this does not arrive the snapshot has no end, and the next process takes it again.
	if err := s.slot.Confirm(ctx, lsn); err != nil && !inventory.Retryable(err) {
		return fmt.Errorf("cdc: confirm the snapshot of connector %s: %w", s.cfg.TopicPrefix, err)
	}
	return nil
}
