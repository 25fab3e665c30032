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
// # How commands become operations
//
// Guarantee 4 is judged per lane by package linear, whose counter is what can be promised (avail), bounded
// from below by the backorder limit. Every command that the lane sees for the first time takes its next
// version, refusals too (PROTOCOL.md, P1; linear.Spec.Sequenced), which are judged on what they met, the version
// before. What a command is there (operation.go), and its effect on avail:
//
//	command           outcome                          operation
//	RESERVE           GRANTED, BACKORDERED             deduct ok: -qty; with ref, + what that line had (Arg)
//	                  PARTIAL                          deduct partial: -granted, which leaves exactly -limit
//	                  REJECTED_INSUFFICIENT            deduct rejected: 0; under policy partial of a single unit
//	                  REJECTED_INSUFFICIENT, siblings  note no-effect: 0; what they take is on other lanes too
//	COMMIT            GRANTED                          commit ok: 0; of ref, whose units leave the building, not avail
//	RELEASE, EXPIRE   GRANTED, units                   cancel ok: + what ref had
//	                  GRANTED, tombstone               note ok: 0; nothing was there yet, ref is refused later
//	RESTOCK, RETURN   GRANTED                          restock ok: +qty
//	ADJUST            GRANTED                          adjust ok: + the change that was granted; may pass the limit
//	TRANSFER          GRANTED                          withdraw ok: -qty, whatever the limit
//	                  GRANTED, receiving               restock ok: +qty, on the lane that takes
//	                  REJECTED_INSUFFICIENT            withdraw rejected: 0
//	SET_LIMIT         GRANTED                          set-limit ok: -(change of safety), and the new limit
//	any               any other                        note no-effect: 0; refused for what the counter does not know
//	                  none yet                         unknown: what is asked; a note of COMMIT, RELEASE, EXPIRE
//
// An answer without a version, of a lane that nobody stocked, is a read of version 0, as a read of the truth
// is one of the version that it shows. A command that is answered again is no second operation: one-outcome
// compares what was told later.
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
