// Package linear decides whether the history of one key, a counter of stock or a register, is
// linearizable (Herlihy & Wing 1990): whether there is an order of its operations that respects real time
// and in which every answer is the one that the sequential specification gives. It knows nothing of
// designs: an [Op] is what one client asked and was told.
//
// # The mental model
//
// Linearizability is local, so each key is judged alone. In general the question is NP-complete, and a
// search (Wing & Gong 1993, as in porcupine) is lost on one hot key. It becomes linear when answers show
// where they stand: with a write order given, a register is checked in O(n log n) (Gibbons & Korach,
// Testing Shared Memories, SIAM J. Comput. 1997), and an inventory has one number that gives the order,
// the version. What an answer shows decides the method:
//
//	[Bare]       nothing                     porcupine while it is small, else Lowe's window ([Window])
//	[Remaining]  the stock                   [Monotone] while stock only falls, else [Window]
//	[Epoch]      rises so far, and the stock [Monotone]
//	[Version]    the version and the stock   [Versioned]; while it happens: [Stream]
//	[Ledger]     and a ledger read at rest   the same, with unanswered operations resolved from it;
//	                                         while it happens: [Certifier]
//
// [Linearizable] chooses, after it has checked what the method assumes.
//
// # The basic lemma
//
// A total order of operations respects real time if and only if no pair is inverted: x stands before y
// although y returned before x was called. With L(p) the least return of all that stands behind place p,
// that is call(x) <= L(p) for every x: one pass from behind, no graph. Intervals are closed, so an
// operation that returns at the very time another is called is concurrent with it.
//
// # Unanswered operations
//
// They may take effect at any time after their call, or never. A ledger resolves them ([Resolve]). Without
// one, each version that nobody answered for must be the doing of one of them: matched by effect and
// earliest deadline when the stock on both sides is known, searched exactly while there are few, else
// tried greedily. What is not settled so is Undecided, never a guess: quantities that must add up are
// 3-PARTITION, which is strongly NP-hard.
//
// # Three verdicts
//
// Pass has a certificate, the [Linearization], which [Linearization.Verify] replays against the
// specification alone. Fail names the rule that was broken, the offending operation and, where there is
// one, the operation that it contradicts. Undecided says why. Histories are never changed, but by
// [Resolve] and [Intern], which say so.
//
// Read next: op.go, spec.go (the specification), linear.go (the choice), chain.go (case A).
package linear
