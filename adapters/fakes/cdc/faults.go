package cdc

import (
	"stockproof/adapters/debezium"
	"stockproof/inventory/port"
)

// Faults are what connectors do besides their duty. All of them are off in the zero value, and all are
// functions of what is read: two runs with the same changes do the same. n counts the changes that this
// process has read, from 0; a restarted process counts anew, so that what a connector does behind a
// restart is an option of the process that is started.
type Faults struct {
	// Lose says which changes to skip while the position is confirmed as if they had been delivered
	// (DBZ-5031 skipped for 22 hours; dbz#76 drops the first change behind a restart). See [SkipFirst].
	Lose func(n int, c port.Change) bool
	// LoseSharedLSN skips all but the first of neighbouring changes that share one LSN, as rows that
	// COPY wrote do (dbz#1554, behind a restart).
	LoseSharedLSN bool
	// Noise says what else to write behind the records of a change. The connector's own topics
	// (debezium.Config.OwnTopics) must be there for it.
	Noise func(n int, c port.Change) Noise
}

// SkipFirst is a Lose that skips the first k changes.
func SkipFirst(k int) func(int, port.Change) bool {
	return func(n int, _ port.Change) bool { return n < k }
}

// Noise is a set of records that are no commands.
type Noise uint8

// The kinds of noise.
const (
	NoiseHeartbeat   Noise = 1 << iota
	NoiseTransaction       // BEGIN and END of a transaction that touched nothing of ours
	NoiseUpdate            // an update of the row that changes nothing; not of an outbox
	NoiseDelete            // the row's deletion, with its tombstone where the configuration has one
	NoiseTruncate          // of its table: the key is null
)

// loses counts a change and reports whether it is skipped.
func (s *stream) loses(c port.Change) (n int, skip bool) {
	n, s.changes = s.changes, s.changes+1
	shared := s.o.LoseSharedLSN && c.Op != debezium.OpRead && c.LSN == s.lastLSN
	s.lastLSN = c.LSN
	return n, shared || s.o.Lose != nil && s.o.Lose(n, c)
}

// noise appends what is asked for behind the n-th change.
func (s *stream) noise(recs []port.Record, n int, c port.Change) (_ []port.Record, err error) {
	if s.o.Noise == nil {
		return recs, nil
	}
	kinds := s.o.Noise(n, c)
	if kinds&NoiseHeartbeat != 0 {
		recs = append(recs, s.encoder.Heartbeat())
	}
	if kinds&NoiseTransaction != 0 {
		recs = append(recs, s.encoder.EmptyTransaction(c)...)
	}
	row := c
	row.Last = false // its own records close the transaction
	if kinds&NoiseUpdate != 0 && c.After != nil {
		row.Op, row.Before = debezium.OpUpdate, c.After
		if recs, err = s.encoder.Aside(recs, row); err != nil {
			return nil, err
		}
	}
	if kinds&NoiseDelete != 0 && c.After != nil {
		row.Op, row.Before, row.After = debezium.OpDelete, c.After, nil
		if recs, err = s.encoder.Aside(recs, row); err != nil {
			return nil, err
		}
	}
	if kinds&NoiseTruncate != 0 {
		row.Op, row.Before, row.After = debezium.OpTruncate, nil, nil
		recs, err = s.encoder.Aside(recs, row)
	}
	return recs, err
}
