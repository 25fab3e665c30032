package postgres_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"stockproof/inventory/port"
)

// script is the statements of the deciding transaction of one play, from BEGIN to COMMIT.
func (c cast) script() (texts []string) {
	c.Helper()
	over := false
	note := func(_ *link, text string) {
		if over = over || len(texts) > 0 && texts[len(texts)-1] == "commit"; !over && (len(texts) > 0 || text == "begin") {
			texts = append(texts, text)
		}
	}
	c.proxy.before.Store(&note)
	c.play(c.far)
	c.proxy.before.Store(nil)
	return texts
}

// strike is what happens in front of, or behind, the n-th statement of the deciding transaction.
type strike struct {
	name   string
	behind bool
	at     int  // 1 is BEGIN
	mute   bool // the client hears nothing from the statement on
	act    func(s *stage, l *link)
}

// kill ends the backend; the call returns when it is gone.
func kill(s *stage, l *link) {
	if _, err := s.admin.Exec(context.Background(), `SELECT pg_terminate_backend($1, 10000)`, int32(l.backend())); err != nil {
		s.Error(err)
	}
}

func cut(_ *stage, l *link) { l.cut() }

// strikesAt are a kill behind every statement and, as nobody then knows, all that can happen to COMMIT.
func strikesAt(script []string) []strike {
	strikes := []strike{{name: "killed before BEGIN", at: 1, act: kill}}
	for i, text := range script {
		line, _, _ := strings.Cut(text, "\n")
		strikes = append(strikes, strike{name: fmt.Sprintf("killed behind statement %d, %s", i+1, line),
			behind: true, at: i + 1, act: kill})
	}
	last := len(script)
	return append(strikes,
		strike{name: "cut in front of COMMIT", at: last, act: cut},
		strike{name: "answer of COMMIT lost", behind: true, at: last, mute: true, act: cut})
}

// arm makes the strike happen once, in the next deciding transaction; struck is closed when it has.
func (c cast) arm(s strike) (struck chan struct{}) {
	struck = make(chan struct{})
	n := 0
	hook := func(behind bool) *func(*link, string) {
		fn := func(l *link, text string) {
			if !behind && (n > 0 || text == "begin") {
				n++
			}
			if n == s.at && s.mute {
				l.mute()
			}
			if n == s.at && behind == s.behind {
				c.proxy.before.Store(nil)
				c.proxy.after.Store(nil)
				s.act(c.stage, l)
				close(struck)
			}
		}
		return &fn
	}
	c.proxy.after.Store(hook(true))
	c.proxy.before.Store(hook(false))
	return struck
}

// Wherever the connection of a decider breaks, its own retry leaves the books that it leaves undisturbed.
func TestTheDecidersSurviveAKillAtEveryStatement(t *testing.T) {
	for mode, must := range map[string][]string{
		"worker": {"INSERT INTO ledger.sku_lane", "ledger.dlq", "UPDATE ledger.progress", "pg_visible_in_snapshot"},
		"lane":   {"INSERT INTO ledger.sku_lane", "ledger.dlq", "UPDATE ledger.orders", "INSERT INTO ledger.orders"},
	} {
		t.Run(mode, func(t *testing.T) {
			s := newStage(t)
			calm := cast{s, mode, "calm"}
			calm.prepare()
			want := calm.play(s.direct)
			books := s.books(calm.tag, allBooks...)
			first := cast{s, mode, "script"}
			first.prepare()
			script := first.script()
			t.Logf("%d statements, %d lines of books; clients heard:\n%s", len(script), len(books), want)
			for _, part := range must {
				if !slices.ContainsFunc(script, func(text string) bool { return strings.Contains(text, part) }) {
					t.Errorf("no statement of the transaction has %s", part)
				}
			}
			if n := strings.Count(strings.Join(script, "\n"), " AS xid"); n < 2 {
				t.Errorf("%d statements read the gate, want one in front of the locks and one behind them", n)
			}
			for i, strike := range strikesAt(script) {
				c := cast{s, mode, fmt.Sprint(i)}
				c.prepare()
				do(t, s.far.Truth, &port.ReadEpoch{}) // the connection is there before anything is counted
				s.far.failures()
				struck := c.arm(strike)
				if heard := c.play(s.far); heard != want {
					t.Errorf("%s: clients heard\n%s", strike.name, heard)
				}
				select {
				case <-struck: // perhaps a moment after the decider is through with it
				case <-time.After(limit):
					t.Fatalf("%s: it never happened", strike.name)
				}
				if failed := s.far.failures(); len(failed) == 0 {
					t.Errorf("%s: nobody noticed", strike.name)
				}
				s.wantBooks(strike.name, s.books(c.tag, allBooks...), books)
			}
			s.audit()
		})
	}
}
