package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"stockproof/adapters/postgres"
	"stockproof/inventory/port"
	"stockproof/model"
)

// Every transaction of ours takes its locks in one order, so two deciders alone never meet in a deadlock.
// Somebody who takes them in the other order makes one with both: PostgreSQL ends a decider with 40P01, and
// its own retry decides everything once.
func TestADeadlockOfTwoDecidersIsRetriedAndDecidesOnce(t *testing.T) {
	s := newStage(t)
	both := func(tag string) (worker, lane cast) {
		worker, lane = cast{s, "worker", tag}, cast{s, "lane", tag}
		worker.prepare()
		lane.prepare()
		return worker, lane
	}
	worker, lane := both("calm")
	worker.play(s.direct)
	want := lane.play(s.direct)
	books := s.books("calm", finalBooks...)

	// The victim is whoever waits a second and then finds the circle: should the third party be late, it is
	// the third party, and the next round may do better.
	const rounds = 10
	for round := range rounds {
		tag := fmt.Sprint(round)
		worker, lane := both(tag)
		first := &watched{Truth: open(t, postgres.Options{DSN: s.dsn})}
		second := &watched{Truth: open(t, postgres.Options{DSN: s.dsn})}
		third := raw(t, s.dsn)
		exec(t, third, `SET lock_timeout = 0; SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0`)
		lock := func(letter string) error {
			_, err := third.Exec(background(t), lockLane, string(worker.sku(letter)))
			return err
		}
		exec(t, third, `BEGIN`)
		s.must(lock("B"))
		var playing sync.WaitGroup
		playing.Go(func() { worker.play(first) })
		eventually(t, "the worker has lane A and waits for B", func() bool { return waiting(t, s.admin) == 1 })
		heard := lane.ask(second)
		eventually(t, "the lane waits for A", func() bool { return waiting(t, s.admin) == 2 })
		late := lock("A")
		exec(t, third, `ROLLBACK`)
		playing.Wait()
		if got := heard(); got != want {
			t.Errorf("round %d: clients heard\n%s", round, got)
		}
		s.wantBooks("round "+tag, s.books(tag, finalBooks...), books)
		victims := first.failures()
		n, m := deadlocks(victims), deadlocks(second.failures())
		t.Logf("round %d: 40P01 ended the worker %d times, the lane %d times; the third party got %v", round, n, m, late)
		if n+m > 0 {
			s.audit()
			return
		}
	}
	t.Errorf("in %d rounds no decider was the victim of a deadlock", rounds)
}

// stopped is a truth whose process stops between the round trips of its first transaction, as a machine
// that is suspended, until resume is closed.
type stopped struct {
	*watched
	stops  sync.Once
	inside chan struct{} // it has stopped
	resume chan struct{}
}

func newStopped(truth port.Truth) *stopped {
	return &stopped{watched: &watched{Truth: truth}, inside: make(chan struct{}), resume: make(chan struct{})}
}

func (z *stopped) Begin() port.Tx { return &stoppedTx{z.watched.Begin(), z} }

type stoppedTx struct {
	port.Tx
	z *stopped
}

func (t *stoppedTx) Commit(ctx context.Context, batch ...port.Statement) error {
	t.z.stops.Do(func() {
		close(t.z.inside)
		<-t.z.resume
	})
	return t.Tx.Commit(ctx, batch...)
}

// A decider that stops between its round trips holds its lanes only until
// idle_in_transaction_session_timeout ends its session. Its successor decides, and when it comes to, what
// it had in hand is refused.
func TestAnIdleZombieLosesItsLanesAndItsWorkIsRefused(t *testing.T) {
	for _, mode := range []string{"worker", "lane"} {
		t.Run(mode, func(t *testing.T) {
			s := newStage(t)
			calm, c := cast{s, mode, "calm"}, cast{s, mode, "zombie"}
			calm.prepare()
			want := calm.play(s.direct)
			from := port.Position{Offset: s.sent}
			c.prepare()

			zombie := newStopped(open(t, postgres.Options{DSN: s.dsn, ApplicationName: "zombie"}))
			sessions := func(state string) int {
				return value[int](t, s.admin, `SELECT count(*) FROM pg_stat_activity
					WHERE application_name = 'zombie' AND state LIKE $1`, state)
			}
			awake := c.fallAsleep(zombie, from)
			<-zombie.inside
			if n := sessions("idle in transaction"); n != 1 {
				t.Fatalf("%d sessions of the zombie are idle in their transaction, want 1", n)
			}
			successor := &watched{Truth: s.direct}
			if heard := c.play(successor); heard != want {
				t.Errorf("the successor's clients heard\n%s", heard)
			}
			if n := sessions("%"); n != 0 {
				t.Errorf("%d sessions of the zombie are left", n)
			}
			books := s.books(calm.tag, allBooks...)
			s.wantBooks("after the successor", s.books(c.tag, allBooks...), books)

			close(zombie.resume)
			if refused := awake(); refused != want {
				t.Errorf("the zombie's work ended with %s", refused)
			}
			if failed := zombie.failures(); len(failed) == 0 || !strings.Contains(failed[0].Error(), "25P03") {
				t.Errorf("the zombie's second round trip was answered %v, want 25P03", failed)
			}
			s.wantBooks("after the zombie", s.books(c.tag, allBooks...), books)
			s.audit()
		})
	}
}

// fallAsleep lets a decider begin the play over a truth that stops. The returned function waits for what its
// own retry makes of it: of the worker, whether it was fenced off.
func (c cast) fallAsleep(truth port.Truth, from port.Position) (awake func() string) {
	c.Helper()
	if c.mode == "lane" {
		return c.ask(truth)
	}
	member, err := c.kafka.Client("zombie").Join(background(c), "readers", model.CommandTopic)
	c.must(err)
	claim, err := member.Claim(background(c))
	c.must(err)
	rs, err := claim.Fetch(background(c), from, 100, 0)
	c.must(err)
	result := make(chan error, 1)
	go func() {
		_, err := c.worker("zombie", truth).Handler().Handle(background(c), claim, from, rs)
		result <- err
	}()
	return func() string {
		err := <-result
		if errors.Is(err, port.ErrFenced) {
			return ""
		}
		return fmt.Sprint(err)
	}
}
