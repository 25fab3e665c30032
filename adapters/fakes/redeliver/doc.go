// Package redeliver makes a broker deliver records a second time at the same offsets, honestly: Kafka
// never returns what lies before the position a fetch names, so the only way to see a record again at
// its offset is to begin again at an older committed one. The decorator loses offset commits: the
// commit is answered with an unknown outcome, the claim is fenced, and the next claim of the
// partition begins where the last commit that was let through ended.
//
// A consumer whose position is the group's reads those records twice. One that keeps its position in
// the truth begins where it was, and sees nothing twice: for it a lost commit is only a lost claim.
//
// Its draws come from a generator of its own, seeded, so that the share is the same for the same
// order of fetches.
package redeliver
