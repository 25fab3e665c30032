// Package random is where all chance of a run comes from: numbers that are the same for ever.
//
// A run is its parameters and its seed. [Stream] makes a generator of a seed and a name, one for each kind of decision, so that
// a change of one leaves the others alone. The algorithms are ours and not the standard library's, whose sequences may change
// with a release; golden vectors hold them. What is likely by so and so much is a [Ratio], exact: no float has a part in it.
package random
