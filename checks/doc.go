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
// # How commands become operations
//
// Guarantee 4 is judged per lane by package linear, whose counter is what can be promised (avail), bounded
// from below by the backorder limit. Every command that the lane sees for the first time takes its next
// version, refusals too (PROTOCOL.md, P1; linear.Spec.Sequenced), which are judged on what they met:
//
//	command            outcome                      operation, effect on avail
//	RESERVE            GRANTED, BACKORDERED         Deduct OK, -granted; with ref, + what that one had (Arg)
//	                   PARTIAL                      Deduct Partial, -granted, which leaves exactly -limit
//	                   REJECTED_INSUFFICIENT        Deduct Rejected, 0; under policy partial Qty is 1
//	                   any other                    Deduct NoEffect, 0: for a reason other than stock
//	COMMIT             GRANTED                      Commit OK of ref, 0: units leave the building, not avail
//	                   any other                    Note OK, 0 (physical stock is no part of avail)
//	RELEASE, EXPIRE    GRANTED, units > 0           Cancel OK of ref, + what it had
//	                   GRANTED, no units            Cancel NoEffect, 0: a tombstone, nothing was there yet
//	                   NOOP_ALREADY by RELEASE      Cancel NoEffect, 0
//	                   NOOP_ALREADY by EXPIRE       Note OK, 0: the deadline may have moved
//	                   INVALID                      Note OK, 0
//	RESTOCK, RETURN    GRANTED                      Restock OK, +granted
//	                   INVALID                      Note OK, 0
//	ADJUST             GRANTED                      Adjust OK, the change that was granted; may pass the limit
//	                   any other                    Note OK, 0
//	TRANSFER           GRANTED, sending leg         Withdraw OK, -qty, whatever the limit
//	                   GRANTED, receiving leg       Adjust OK, +qty, on the other lane
//	                   REJECTED_INSUFFICIENT        Withdraw Rejected, 0; Note OK on the other lane
//	SET_LIMIT          GRANTED                      SetLimit OK, -(change of safety), and the new limit
//	any, known id      the stored answer            Duplicate, 0: it shows the version and avail of the first
//	any, no version    INVALID on an unknown lane   none: nothing was decided about a lane
//	read of the truth                               Read OK, 0, at the version that it shows
//
// Attempts that were not answered are Unknown until the ledger resolves them (linear.Resolve). In foreign
// histories refusals take no version: they observe the one that they show.
//
// # What it does not promise
//
// A history shows what was recorded and no more: what no record can show is listed as not checked and does
// not count, what could be judged and was not is undecided and never green. Reads of the speed layer are
// judged as monotone and as old as they say, not as linearizable.
//
// Read next: guarantee.go, history.go, then one file per guarantee.
package checks
