package postgres

import (
	"fmt"
	"slices"

	"stockproof/inventory/port"
)

// A failover promotes a standby that has replayed the log up to some commit record. What stands behind
// it never happened there: row versions are undone, and numbers that were handed out behind it, LSNs
// and transaction ids, are handed out again. What a slot had already told its reader stays told.

// position is a place in the log, as a server knows it that has the log up to there.
type position struct {
	lsn uint64
	xid int64    // the largest transaction id of a record in front of it
	ids [2]int64 // how far the sequences of article.orders and dualwrite.orders are logged
}

// journal remembers the last commits, in the order of their commit records, so that they can be undone.
type journal struct {
	start   position // in front of the first of them
	commits []*commitRecord
}

// commitRecord is a commit that wrote rows.
type commitRecord struct {
	end     position     // behind it, and behind the commits which wrote no row and follow it
	undo    []rowVersion // what it replaced; empty until it is visible
	visible bool
}

// rowVersion is a row as it was.
type rowVersion interface{ restore() }

// end is how far the log is complete: behind the last commit record.
func (j *journal) end() position {
	if n := len(j.commits); n > 0 {
		return j.commits[n-1].end
	}
	return j.start
}

// remember notes the commit record that a transaction has just written.
func (p *Server) remember(t *transaction) {
	p.loggedXID = max(p.loggedXID, t.xid)
	j := &p.journal
	if p.options.KeepCommits > 0 && t.wrote {
		t.record = &commitRecord{}
		j.commits = append(j.commits, t.record)
		if len(j.commits) > p.options.KeepCommits {
			j.start = j.commits[0].end
			j.commits = slices.Delete(j.commits, 0, 1)
		}
	}
	end := position{p.lsn, p.loggedXID, [2]int64{p.article.ids.logged, p.dualwrite.ids.logged}}
	if n := len(j.commits); n > 0 {
		j.commits[n-1].end = end
		return
	}
	j.start = end
}

// Promotion is what a failover did.
type Promotion struct {
	Timeline int64
	LSN      uint64 // where the new timeline begins
	NextXID  int64
	Commits  int // lost ones
	// Ledger and ShopOrders are rows that were visible and are no more, latest first. A decision among
	// them was never made; whoever heard of it was told something that did not happen.
	Ledger     []port.LedgerRow
	ShopOrders []port.ShopOrder
}

// Failover promotes a standby that never received the last lose commits: those that wrote rows count,
// and of the others go those behind the first lost one. With 0 nothing is lost that was in the log, as
// with a synchronous standby. Every connection ends and every open transaction is gone; a COMMIT that
// was in the log and not visible yet happens or not, by its place in the log. LSNs and transaction ids
// go on where the standby was, so behind lost commits they come a second time. PostgreSQL 15 has no
// logical slots on a standby: there is none now. Until SetEpoch nobody may write.
//
// It is an error, and nothing happens, to lose more than Options.KeepCommits has kept.
func (p *Server) Failover(lose int) (out Promotion, err error) {
	p.gate.Local(func() { out, err = p.failover(lose) })
	return out, err
}

func (p *Server) failover(lose int) (Promotion, error) {
	j := &p.journal
	if lose < 0 || lose > len(j.commits) {
		return Promotion{}, fmt.Errorf("failover without the last %d commits: %d are kept", lose, len(j.commits))
	}
	kept := len(j.commits) - lose
	lost := slices.Clone(j.commits[kept:])
	p.disconnect(func(t *transaction) bool { return t.record == nil || !slices.Contains(lost, t.record) })
	clear(j.commits[kept:])
	j.commits = j.commits[:kept]
	for _, c := range slices.Backward(lost) {
		for _, v := range slices.Backward(c.undo) {
			v.restore()
		}
	}
	p.restart(j.end())
	for _, s := range p.slots {
		s.connected = nil
	}
	p.slots = nil
	p.options.Timeline++
	out := Promotion{Timeline: p.options.Timeline, LSN: p.lsn, NextXID: p.nextXID, Commits: lose,
		Ledger: p.undone.ledger, ShopOrders: p.undone.shopOrders}
	p.undone = undone{}
	return out, nil
}

// undone collects what a failover takes back.
type undone struct {
	ledger     []port.LedgerRow
	shopOrders []port.ShopOrder
}

// restart goes on at a position. Every session has ended.
func (p *Server) restart(at position) {
	p.lsn, p.loggedXID = at.lsn, at.xid
	p.nextXID, p.ended = at.xid+1, at.xid
	p.article.ids.last, p.article.ids.logged = at.ids[0], at.ids[0]
	p.dualwrite.ids.last, p.dualwrite.ids.logged = at.ids[1], at.ids[1]
}

// InDoubt is how many commits at the end of the log are not visible yet: nobody was told of them, so
// that a synchronous standby too may be promoted without them (with KeepCommits).
func (p *Server) InDoubt() (n int) {
	p.gate.Local(func() { n = len(p.inDoubt()) })
	return n
}

func (p *Server) inDoubt() []*commitRecord {
	first := len(p.journal.commits)
	for first > 0 && !p.journal.commits[first-1].visible {
		first--
	}
	return p.journal.commits[first:]
}

// disconnect ends every connection, those that are idle too. A COMMIT that is in the log becomes visible
// if it survives; every other open transaction is rolled back.
func (p *Server) disconnect(survives func(*transaction) bool) {
	p.born++
	for _, s := range slices.Clone(p.sessions) {
		if s.committing {
			s.end(survives(&s.tx))
		}
		s.close()
	}
}
