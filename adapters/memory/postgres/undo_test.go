package postgres

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"stockproof/adapters/memory"
	"stockproof/inventory/port"
	"stockproof/model"
)

// describe writes what is committed: tables, and every index beside them.
func describe(p *Server) string {
	var b strings.Builder
	describeTable(&b, p.cluster)
	describeTable(&b, p.lanes)
	describeTable(&b, p.commands)
	describeTable(&b, p.ledger)
	describeTable(&b, p.orders)
	describeTable(&b, p.lines)
	describeTable(&b, p.progress)
	describeTable(&b, p.outbox)
	describeTable(&b, p.dead)
	describeTable(&b, p.article.orders)
	describeTable(&b, p.article.stock)
	describeIndex(&b, "undecided", p.undecided)
	describeIndex(&b, "referring", p.referring)
	describeIndex(&b, "unsettled", p.unsettled)
	describeIndex(&b, "order lines", p.orderLines)
	describeIndex(&b, "outbox log", p.outboxLog)
	describeIndex(&b, "chains", p.chains)
	describeIndex(&b, "open dead", p.openDead)
	describeIndex(&b, "shop by order", p.article.byOrder)
	return b.String()
}

func describeTable[K comparable, V any](b *strings.Builder, tb *table[K, V]) {
	describeIndex(b, tb.about.name, tb.rows)
}

func describeIndex[S, K comparable, V any](b *strings.Builder, name string, x *index[S, *row[K, V]]) {
	fmt.Fprintln(b, name, len(x.at))
	x.all(func(k S, r *row[K, V]) bool {
		held := r.owner != nil || r.own != nil || len(r.sharers) > 0
		fmt.Fprintf(b, "  %v -> %v %+v held %t\n", k, r.key, *r.committed, held)
		return true
	})
}

// TestALostTailIsUndoneExactly: behind a failover tables and indexes are what they were when the last
// commit that was kept became visible, whatever the lost ones did to the same rows.
func TestALostTailIsUndoneExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		gate := memory.NewPlain(time.Now, func(d time.Duration, fn func()) func() bool {
			return time.AfterFunc(d, fn).Stop
		})
		const keep = 6
		p := New(gate, Options{KeepCommits: keep})
		truth, ctx := p.Client(), context.Background()
		states := []string{describe(p)}
		for range rapid.IntRange(0, 10).Draw(t, "commits") {
			tx := truth.Begin()
			for range rapid.IntRange(1, 4).Draw(t, "statements") {
				if tx.Do(ctx, someStatement(t)) != nil { // the transaction is over
					break
				}
			}
			if tx.Commit(ctx) == nil && describe(p) != states[len(states)-1] {
				states = append(states, describe(p))
			} else if n := len(p.journal.commits); n > 0 && len(states) < 1+n {
				states = append(states, describe(p)) // it wrote, and what it wrote was there before
			}
			tx.Rollback(ctx)
		}
		commits := min(len(p.journal.commits), len(states)-1)
		lose := rapid.IntRange(0, commits).Draw(t, "lose")
		open := truth.Begin()
		_ = open.Do(ctx, someStatement(t), someStatement(t))
		if _, err := p.Failover(lose); err != nil {
			t.Fatal(err)
		}
		if got, want := describe(p), states[len(states)-1-lose]; got != want {
			t.Fatalf("without the last %d commits:\n%s\nwant\n%s", lose, got, want)
		}
		if err := open.Commit(ctx); err == nil {
			t.Fatal("an open transaction outlived its server")
		}
		if err := truth.Do(ctx, &port.SetEpoch{}); err != nil {
			t.Fatal(err)
		}
	})
}

// someStatement writes to one of very few rows.
func someStatement(t *rapid.T) port.Statement {
	id := func() model.ID { return model.ID{byte(rapid.IntRange(1, 3).Draw(t, "id"))} }
	n := rapid.Int64Range(0, 5).Draw(t, "n")
	key := model.LaneKey{SKU: "A", Loc: model.MainLocation}
	letter := port.DeadRow{Offset: n % 3, Chain: id(), Class: port.DeadContract, State: port.DeadOpen}
	switch rapid.IntRange(0, 14).Draw(t, "statement") {
	case 0:
		return &port.AcceptCommands{Rows: []port.CommandRow{{ID: id(), Ref: id(), Lane: key, NextTry: n}}}
	case 1:
		return &port.DecideCommands{Rows: []port.CommandRow{{ID: id(),
			Decision: model.Decision{Outcome: model.Granted, Granted: n}, DecidedAt: n}}}
	case 2:
		return &port.InsertOrders{Rows: []port.OrderRow{{ID: id(), Saga: port.SagaOpen}}}
	case 3:
		return &port.AdvanceSaga{Order: id(), From: port.SagaOpen, To: port.SagaReleasing}
	case 4:
		return &port.InsertLines{Lines: []model.Line{{Command: id(), OrderID: id(), LineNo: 1, Lane: key}}}
	case 5:
		return &port.WriteLines{Lines: []model.Line{{Command: id(), OrderID: id(), LineNo: 2, Lane: key, Granted: n}}}
	case 6:
		return &port.InsertOutbox{Rows: []port.OutboxRow{{ID: id(), AggregateType: "t"}}}
	case 7:
		return &port.DeleteOutbox{IDs: []model.ID{id()}}
	case 8:
		return &port.CreateLanes{Lanes: []model.LaneKey{key}}
	case 9:
		return &port.WriteLanes{Lanes: []model.Lane{{Key: key, Seq: n + 1, OnHand: n}}}
	case 10:
		return &port.InsertDead{Rows: []port.DeadRow{letter}}
	case 11:
		return &port.CloseDead{Keys: []port.DeadKey{{Offset: n % 3}}, State: port.DeadDiscarded}
	case 12:
		return &port.InsertShopOrders{Schema: port.ArticleSchema,
			Rows: []port.ShopOrder{{OrderID: id(), SKU: "A", Qty: n, Status: port.ShopPending}}}
	case 13:
		return &port.SetShopStatus{Schema: port.ArticleSchema, ID: n, Status: port.ShopGranted}
	}
	return &port.AddShopStock{Schema: port.ArticleSchema, SKU: "A", Delta: n}
}
