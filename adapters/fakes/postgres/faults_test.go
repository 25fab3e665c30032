package fakepg

import (
	"context"
	"errors"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// once lets the first request that match accepts meet its fate and delivers all others.
func once(fate Fate, match func(Request) bool) Faults {
	met := make(chan struct{}, 1)
	return func(r Request) Fate {
		if match(r) {
			select {
			case met <- struct{}{}:
				return fate
			default:
			}
		}
		return Deliver
	}
}

func at(step Step) func(Request) bool { return func(r Request) bool { return r.Step == step } }

// transfer is a transaction as the adapter sends it: BEGIN with the first flight, COMMIT with the
// last.
func transfer(c *pgx.Conn) (first, last error) {
	ctx := context.Background()
	b := &pgx.Batch{}
	b.Queue("begin")
	b.Queue(writeSQL, "a")
	if first = c.SendBatch(ctx, b).Close(); first != nil {
		return first, nil
	}
	b = &pgx.Batch{}
	b.Queue(writeSQL, "b")
	b.Queue("commit")
	return nil, c.SendBatch(ctx, b).Close()
}

func TestLostConnectionLosesExactlyWhatWasNotCommitted(t *testing.T) {
	for _, c := range []struct {
		name  string
		step  Step
		fate  Fate
		early bool // the first flight fails, not the one with COMMIT
		notes []string
	}{
		{"request of BEGIN", Begin, LoseRequest, true, nil},
		{"response of BEGIN", Begin, LoseResponse, true, nil},
		{"request of a statement", Execute, LoseRequest, true, nil},
		{"response of a statement", Execute, LoseResponse, true, nil},
		{"request of COMMIT", Commit, LoseRequest, false, nil},
		{"response of COMMIT", Commit, LoseResponse, false, []string{"a", "b"}},
		{"late COMMIT", Commit, Late, false, []string{"a", "b"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, book := newEchoServer(t)
			conn := dial(t, s)
			s.SetFaults(once(c.fate, at(c.step)))
			first, last := transfer(conn)
			if (first != nil) != c.early || (last != nil) == c.early {
				t.Fatalf("first flight %v, second %v", first, last)
			}
			if err := errors.Join(first, last); pgconn.SafeToRetry(err) || !conn.IsClosed() {
				t.Fatalf("%v, closed %v: the client must not know", err, conn.IsClosed())
			}
			s.Close()
			wantNotes(t, book, c.notes...)
			if wantRolled := c.notes == nil && c.fate != Deliver && c.step != Begin; wantRolled && book.rolled == 0 {
				t.Fatal("the transaction of a dead connection is still open")
			}
		})
	}
}

func TestLateStatementLetsItsCommitTakeEffectAfterTheClientHasItsError(t *testing.T) {
	s, book := newEchoServer(t)
	c := dial(t, s)
	hold := make(chan struct{})
	atStatement := once(Late, at(Execute))
	s.SetFaults(func(r Request) Fate {
		if r.Step == Commit {
			<-hold
		}
		return atStatement(r)
	})
	b := &pgx.Batch{}
	b.Queue("begin")
	b.Queue(writeSQL, "late")
	b.Queue("commit")
	if err := c.SendBatch(context.Background(), b).Close(); err == nil {
		t.Fatal("no error")
	}
	wantNotes(t, book) // a look now says that it did not happen, and it still does
	close(hold)
	s.Close()
	wantNotes(t, book, "late")
}

func TestImplicitTransactionIsLostBeforeOrAfterItsCommit(t *testing.T) {
	for fate, notes := range map[Fate][]string{LoseRequest: nil, LoseResponse: {"x"}, Late: {"x"}} {
		s, book := newEchoServer(t)
		c := dial(t, s)
		s.SetFaults(once(fate, at(Commit)))
		if _, err := c.Exec(context.Background(), writeSQL, "x"); err == nil {
			t.Fatalf("fate %d: no error", fate)
		}
		s.Close()
		wantNotes(t, book, notes...)
	}
}

func TestConnectionLostWhilePreparing(t *testing.T) {
	s, book := newEchoServer(t)
	c := dial(t, s)
	s.SetFaults(once(LoseRequest, at(Prepare)))
	if _, err := c.Exec(context.Background(), writeSQL, "x"); err == nil || !c.IsClosed() {
		t.Fatalf("%v", err)
	}
	wantNotes(t, book)
}

func TestCutEndsEveryConnectionAndItsWaits(t *testing.T) {
	s, book := newEchoServer(t)
	idle, busy := dial(t, s), dial(t, s)
	failed := make(chan error, 1)
	go func() { _, err := busy.Exec(context.Background(), writeSQL, "wait"); failed <- err }()
	<-book.waiting
	s.Cut()
	if err := <-failed; err == nil {
		t.Fatal("the waiting one has no error")
	}
	if err := idle.Ping(context.Background()); err == nil {
		t.Fatal("the idle one lives")
	}
	if book.rolled != 1 {
		t.Fatalf("%d transactions rolled back, one was open", book.rolled)
	}
	if _, err := dial(t, s).Exec(context.Background(), writeSQL, "again"); err != nil {
		t.Fatal(err)
	}
	wantNotes(t, book, "again")
}

func TestTerminateSaysSo(t *testing.T) {
	s, book := newEchoServer(t)
	idle, busy := dial(t, s), dial(t, s)
	failed := make(chan error, 1)
	go func() { _, err := busy.Exec(context.Background(), writeSQL, "wait"); failed <- err }()
	<-book.waiting
	if !s.Kill(busy.PgConn().PID()) || s.Kill(12345) {
		t.Fatal("Kill found the wrong backend")
	}
	wantState(t, <-failed, "57P01")
	s.Terminate()
	_, err := idle.Exec(context.Background(), writeSQL, "x")
	wantState(t, err, "57P01")
	wantNotes(t, book)
}

func TestRefusedConnectionIsECONNREFUSED(t *testing.T) {
	s, _ := newEchoServer(t)
	living := dial(t, s)
	s.Refuse(true)
	if _, err := tryDial(s); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Fatal(err)
	}
	if err := living.Ping(context.Background()); err != nil {
		t.Fatalf("a connection from before: %v", err)
	}
	s.Refuse(false)
	dial(t, s)
	s.SetFaults(once(LoseRequest, at(Connect)))
	if _, err := tryDial(s); err == nil {
		t.Fatal("a startup that is lost succeeded")
	}
}
