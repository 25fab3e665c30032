package linear

import (
	"fmt"
	"strconv"
	"time"
)

// Capability is how much the answers of a system show of where they stand.
type Capability uint8

// The capabilities, the least first.
const (
	Bare      Capability = iota // the outcome
	Remaining                   // and the stock after it
	Epoch                       // and how often stock was changed by other than deductions
	Version                     // and the version: each answer of the key has one, a refusal the one it saw
	Ledger                      // and after the run a complete ledger can be read
)

var capabilityNames = [...]string{"bare", "remaining", "epoch", "version", "ledger"}

func (c Capability) String() string {
	if int(c) >= len(capabilityNames) {
		return "CAPABILITY(" + strconv.Itoa(int(c)) + ")"
	}
	return capabilityNames[c]
}

// ParseCapability is the inverse of String.
func ParseCapability(s string) (Capability, error) {
	for i, n := range capabilityNames {
		if n == s {
			return Capability(i), nil
		}
	}
	return 0, fmt.Errorf("%q is not a capability", s)
}

// Options bound what is tried before a verdict is undecided. The zero value is the default.
type Options struct {
	Capability Capability
	Ledger     []Entry // of the key, in order of version; nil: there is none
	// Candidates is how many unanswered operations the exact search for what filled a gap may have to
	// choose from; 0: 24, negative: no search.
	Candidates int
	// Steps bounds that search, in operations tried; 0: 4 million.
	Steps int
	// Configurations bounds the window: how many it may see between two returns; 0: 300 000.
	Configurations int
	// Porcupine bounds the search on bare histories and the explainer.
	Porcupine PorcupineLimits
	// Order asks for the certificate of a pass; without it [Linearizable] answers nil.
	Order bool
}

// PorcupineLimits say which bare histories are given to porcupine. Measured, it decides 1 000 operations
// of one key at 16 concurrent clients and is lost at 64.
type PorcupineLimits struct {
	Operations int           // 0: 1 000
	Concurrent int           // operations under way at one time; 0: 8
	Timeout    time.Duration // 0: 5 s
}
