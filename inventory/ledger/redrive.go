package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
)

// DeadLetters is what operators do with dead letters. Every method is one settle transaction or one
// read; repeating a re-drive, at any age, changes nothing.
//
// No role of the design runs it: it is the entry for an operator's command or program, over any ports.
type DeadLetters struct{ settler }

// NewDeadLetters makes it.
func NewDeadLetters(p inventory.Ports, o inventory.Options) *DeadLetters {
	return &DeadLetters{newSettler(p, o)}
}

// List reads open letters behind after, at most max.
func (d *DeadLetters) List(ctx context.Context, after *port.DeadKey, max int) ([]port.DeadRow, error) {
	read := &port.ReadDead{After: after, Max: max}
	if err := d.truth.Do(ctx, read); err != nil {
		return nil, fmt.Errorf("list dead letters: %w", err)
	}
	return read.Rows, nil
}

// Repair stores a body to put in the place of a letter that cannot be read. The letter itself, and
// the fingerprint of a command that was accepted, stay what they are.
func (d *DeadLetters) Repair(ctx context.Context, key port.DeadKey, body []byte) error {
	if _, err := model.DecodeCommand(body); err != nil {
		return fmt.Errorf("repair dead letter %v: %w: %w", key, port.ErrContract, err)
	}
	if err := d.truth.Do(ctx, &port.RepairDead{Key: key, Repair: body}); err != nil {
		return fmt.Errorf("repair dead letter %v: %w", key, err)
	}
	return nil
}

// Discard closes a letter without deciding it. A command that was accepted stays undecided, and the
// sweeper will send it again once nothing of its chain is open.
func (d *DeadLetters) Discard(ctx context.Context, key port.DeadKey) error {
	err := d.truth.Do(ctx, &port.CloseDead{Keys: []port.DeadKey{key}, State: port.DeadDiscarded})
	if err != nil {
		return fmt.Errorf("discard dead letter %v: %w", key, err)
	}
	return nil
}

// Redrive decides a letter's command and whatever is parked behind it, in order, under the lane's
// lock. With dry it stops before the COMMIT and shows the outcomes.
func (d *DeadLetters) Redrive(ctx context.Context, key port.DeadKey, dry bool) ([]inventory.Answer, error) {
	var as []inventory.Answer
	err := d.retry(ctx, fmt.Sprintf("re-drive %v", key), func() (err error) {
		as, err = d.attempt(ctx, key, dry)
		return err
	})
	if errors.Is(err, errDry) {
		err = nil
	}
	return as, err
}

// errDry ends a dry run before its COMMIT.
var errDry = errors.New("dry run")

func (d *DeadLetters) attempt(ctx context.Context, key port.DeadKey, dry bool) ([]inventory.Answer, error) {
	letters, commands, err := d.chain(ctx, key)
	if err != nil || len(letters) == 0 {
		return nil, err
	}
	tx := d.truth.Begin()
	defer tx.Rollback(ctx)
	f, err := d.open(ctx, tx, reading{commands: commands})
	if err != nil {
		return nil, err
	}
	// Behind the lane lock nobody adds to the chain; what was added before it is not in commands yet.
	again := &port.ReadDead{Chain: letters[0].Chain}
	if letters[0].Chain.IsZero() {
		again = &port.ReadDead{Keys: []port.DeadKey{key}}
	}
	if err := tx.Do(ctx, again); err != nil {
		return nil, fmt.Errorf("re-drive %v: read its chain: %w", key, err)
	}
	if len(openLetters(again.Rows)) != len(letters) {
		return nil, fmt.Errorf("re-drive %v: its chain has changed: %w", key, port.ErrConflict)
	}
	as := make([]inventory.Answer, len(commands))
	for i, c := range commands {
		as[i] = f.redrive(c)
	}
	if dry {
		return as, errDry
	}
	keys := make([]port.DeadKey, len(letters))
	for i, l := range letters {
		keys[i] = deadKey(l)
	}
	return as, d.commit(ctx, tx, f, &port.CloseDead{Keys: keys, State: port.DeadRedriven})
}

// chain reads the open letters of key's chain, with the command that each stands for: the accepted
// body where there is one, else the repair.
func (d *DeadLetters) chain(ctx context.Context, key port.DeadKey) ([]port.DeadRow, []model.Command, error) {
	read := &port.ReadDead{Keys: []port.DeadKey{key}}
	if err := d.truth.Do(ctx, read); err != nil {
		return nil, nil, fmt.Errorf("re-drive %v: %w", key, err)
	}
	if len(read.Rows) == 0 {
		return nil, nil, fmt.Errorf("re-drive %v: there is no such letter: %w", key, port.ErrContract)
	}
	letters := openLetters(read.Rows)
	if len(letters) == 1 && !letters[0].Chain.IsZero() {
		whole := &port.ReadDead{Chain: letters[0].Chain}
		if err := d.truth.Do(ctx, whole); err != nil {
			return nil, nil, fmt.Errorf("re-drive %v: read its chain: %w", key, err)
		}
		letters = openLetters(whole.Rows)
	}
	var ids []model.ID
	for _, l := range letters {
		ids = append(ids, l.Command)
	}
	known := &port.KnownCommands{IDs: sortedIDs(ids)}
	if err := d.truth.Do(ctx, known); err != nil {
		return nil, nil, fmt.Errorf("re-drive %v: %w", key, err)
	}
	bodies := make(map[model.ID][]byte, len(known.Rows))
	for _, row := range known.Rows {
		bodies[row.ID] = row.Body
	}
	commands := make([]model.Command, len(letters))
	for i, l := range letters {
		c, err := redriven(l, bodies[l.Command])
		if err != nil {
			return nil, nil, fmt.Errorf("re-drive %v: letter %v: %w: %w", key, deadKey(l), port.ErrContract, err)
		}
		commands[i] = c
	}
	return letters, commands, nil
}

// redriven is the command of a letter, under its original id.
func redriven(l port.DeadRow, accepted []byte) (model.Command, error) {
	body := accepted
	if body == nil {
		body = l.Repair
	}
	if body == nil {
		return model.Command{}, model.Contractf("repair", "the letter has no readable command: repair it first")
	}
	c, err := model.DecodeCommand(body)
	if err != nil || accepted != nil {
		return c, err
	}
	if c.ID = l.Command; c.ID.IsZero() {
		c.ID = model.NameID("letter", l.Topic.String(), fmt.Sprint(l.Part, l.Offset, l.Index))
	}
	return c, nil
}

// redrive decides a command whatever its chain's marks say: they are what is being cleared.
func (f *fold) redrive(c model.Command) inventory.Answer {
	row, known := f.known[c.ID]
	switch {
	case known && row.Decision.Decided():
		a := answer(row)
		a.Duplicate = true
		return a
	case known:
		return f.decide(c)
	}
	return f.accept(c)
}

func openLetters(rows []port.DeadRow) []port.DeadRow {
	return slices.DeleteFunc(slices.Clone(rows), func(r port.DeadRow) bool { return r.State != port.DeadOpen })
}

func deadKey(r port.DeadRow) port.DeadKey {
	return port.DeadKey{Topic: r.Topic, Part: r.Part, LeaderEpoch: r.LeaderEpoch, Offset: r.Offset, Index: r.Index}
}
