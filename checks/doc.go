// Package checks judges a run: it holds the eleven guarantees, by name and as sentinel errors, and the
// checkers that decide from what was recorded whether each of them was kept.
//
// # The mental model
//
// A run leaves a [History]: a [Header] (which design, what it claims, how much of a decision can be
// seen of it), the [Event]s in the order in which they were observed, and one final [Audit] of the
// truth, the speed layer and the feeds, taken when everything went quiet. A [Suite] gives every event
// to one [Checker] per guarantee and asks each for its [Report] at the end:
//
//	s := checks.New(header)
//	s.Observe(event) // any goroutine, as things happen
//	reports := s.Finish(audit)
//	os.Exit(checks.Judge(reports, conditions).ExitCode())
//
// # An independent specification
//
// Nothing here trusts the code under test. No-oversell, no-false-reject and conservation are plain
// arithmetic over ledger rows, order lines and recorded effects (book.go, script.go, trail.go); only
// one-outcome replays the ledger through model.Decide as well, because "the same on every replay" is
// what it promises.
//
// # What a design lets us see
//
// Designs differ in where a decision is written down; the [Capability] of the header says so, and no
// design is named anywhere in this package:
//
//	LedgerRows     a row per decision with its place in the lane's order and the state after it
//	StockAfter     a row per decision with the stock it left, in no known order
//	ScriptReplies  the decision is a script's reply in the speed layer, recorded as an effect
//	BareAnswers    answers to clients only
//
// What a capability cannot show is not checked, with the reason ([Report.NotChecked]).
//
// # Commands as operations
//
// Linearizability is package linear's to decide, on the counter of what can be promised (avail). What a
// command is there (operation.go; PROTOCOL.md P1 names the commands):
//
//	RESERVE     deduct; partial grant: of what it got. Refused for stock: rejected, judged at seq-1
//	COMMIT      commit: its units are not in avail any more; the deduction can no longer be cancelled
//	RELEASE     cancel of its RESERVE; granted before the decision: note, the RESERVE is refused later
//	EXPIRE      the same
//	RESTOCK     restock
//	RETURN      restock
//	ADJUST      adjust by what was granted
//	TRANSFER    withdraw on the lane that gives, restock on the lane that takes
//	SET_LIMIT   set-limit
//	refusals    note: every command that is seen for the first time takes a seq, also one that is refused
//	            for what the counter does not know (cancelled, expired, siblings, invalid)
//	reads       of the truth: read. On a lane that nobody stocked: at seq 0
//
// # What it does not promise
//
// A history shows what was recorded and no more: what no record can show is listed as not checked and does
// not count, what could be judged and was not is undecided and never green. Reads of the speed layer are
// judged as monotone and as old as they say, not as linearizable.
//
// Read next: guarantee.go, history.go, then one file per guarantee.
package checks
