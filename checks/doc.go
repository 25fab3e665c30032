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
// What a capability cannot show is reported undecided, with the reason; undecided is never a pass.
//
// # What it does not promise
//
// Guarantees 4 and 9 to 11 have no checker yet: [NotYetJudged] names them, and they are neither listed
// nor part of a result. Small histories of bare answers can be judged linearizable with [Bare]. The
// checkers keep what they need in memory, O(events); the interface lets one that streams take their
// place.
//
// Read next: guarantee.go, history.go, then one file per guarantee.
package checks
