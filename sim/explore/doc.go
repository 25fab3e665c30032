// Package explore looks for schedules and faults that break a design, makes what it finds small, and
// proves for small scopes that there is nothing to find.
//
// # The mental model
//
//	Campaign   many executions of one scenario under one design, each with faults and choices of its own,
//	           made from the campaign's seed and the execution's number alone.
//	Landmark   a point that an undisturbed execution passes: faults are placed at landmarks.
//	Swarm      each execution draws which kinds of fault it may use at all, so that rare kinds meet
//	           alone as well as together. Each kind has a stream of its own: a kind more takes the place of a fault
//	           here and there, and changes no draw of the others.
//	Portfolio  executions that are drawn, three random walks for each of PCT's; where all of them hold, a share of
//	           an exhaustive search behind them.
//	Finding    the first execution that violates a claimed guarantee, as a schedule that replays it.
//	Shrink     the smallest schedule that still violates the same guarantee, with a certificate: each
//	           entry that is left was taken out in turn, and the run was fine.
//
// Executions are independent, so engines run side by side, one per core; the finding is the one with the
// smallest number whatever the cores did, and so is the campaign's digest.
//
// # Exhaustive search
//
// A search visits every state of a scope, by replay from the root: what a state is, package engine says. How a path
// goes on depends on the state alone, whichever path led there: two paths with one digest must lead to the same
// digests. TestWhatIsLeftOutOfAStateMakesNoDifference compares paths, and TestAnotherOrderOfVisitsSeesTheSameStates
// whole searches.
//
// What a loop's next answer says anew is left out while it asks. Whether the last call of that kind failed is looked at when
// it rests or begins anew, and by then the answer has overwritten it (or its context has ended, and the loop with it). That
// it slept is over, but for one thing: as long as the servers are what they were when it went to sleep behind a failure, one
// more failure lets it sleep until they change, and not wake at once. So that is in, and with it that there is rest where
// somebody fails for ever. An attempt that came to nothing leaves a loop where it was, then, whether or not a call failed
// (TestWhoAsksAgainIsWhereItWas).
//
// Where nobody can go on unless time passes, the execution is judged: faults are over, time passes, and what comes of it is
// one execution of that state's, under the usual order of steps. What only time brings about has its place there: the
// processes of Scope.AtRest start then, as the sweeper, which sends again what has been undecided for some time. While time
// stands still it would find nothing that is due. The claim is then about what is lost for good, and a scope without the
// sweeper claims more.
//
// Reductions leave out what makes no difference:
//
//	private steps    nobody else can see or hinder the step, so that it is all that need be considered now, with
//	                 the faults of its own process: a persistent set (Godefroid 1996). A request to a server is none
//	                 as long as a fault may strike the server, and no step is as long as a fault of the scenario's own
//	                 is ahead, which may strike with any. The rollback of a transaction that holds nothing is
//	                 one, and so is that somebody wakes from a failed call, whatever the servers do meanwhile. What
//	                 such a rollback meets is no answer: who sleeps behind it wakes for what came before it, too.
//	                 That a client wakes is one too, though a fault before it would let others go on and the client
//	                 sleep on: its request waits as long as it has to, asks and changes nothing, and is answered
//	                 behind the fault and what follows it as it would have been.
//	regrouping       the same for the steps of a consumer group that forms anew once no fault can strike.
//	alike orders     orders that differ by name alone, which no fault waits for, are sent in one order: a symmetry.
//	sleep sets       of two ways to go on that commute one order is enough: what was explored from a state sleeps
//	                 behind the ways explored after it until something is done that it does not commute with.
//
// That two ways commute is said by their footprints, which are conservative. A step that ends in a sleep also looks at
// all that its attempt has asked, for that is what wakes it: of a sleeper that may be so, and once a step was carried out
// it is known. A client's step does not commute with faults, for clients look again when nobody else can go on, and a
// fault lets somebody go on. A duplicate touches logs alone and an eviction groups; of the other faults that strike servers
// none commutes with anything, and neither does any step before a fault of the scenario's own.
// TestWhatCountsAsIndependentCommutes closes diamonds.
//
// The sleep set is stored with the state. Where the state is reached again and less is asleep, the difference is explored
// from there, private step or not: behind the private step it had slept, too. Sleep sets alone leave out no state
// (TestSleepSetsSeeEveryState). Together with persistent sets they leave out no end, and how many states there are in
// between depends on which way was explored first: with two engines the number differs from run to run by less than one
// in a hundred, and the ends do not.
//
// Sleep sets go by who acts, so that two actors of one identity would sleep for each other. A claim tells which life of its
// member it is of: a zombie's partition loop and that of its next claim are two actors.
//
// # Twice
//
// One execution in 64, drawn or of a search, or every one where that is asked for, is carried out twice, and is to take the
// same steps and, in a search, to come to the same state; where it does not, the first step that differs is named.
//
// Read next: strategies.md, how the strategies compare, and why there is no source-DPOR.
package explore
