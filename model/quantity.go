package model

// Limits of numbers, checked at the API, in the decoders and again by [Decide].
const (
	// MaxQuantity is the largest quantity of one command, in units.
	MaxQuantity int64 = 1_000_000_000
	// MaxNumber bounds |stock|, limits, sequence numbers and epochs: 2^53-1, the largest integer
	// that a Lua number (Redis scripts) and a JSON reader built on doubles hold exactly.
	MaxNumber int64 = 1<<53 - 1
)

// CheckQuantity refuses a quantity outside 1..[MaxQuantity] with a [ContractError] for field.
func CheckQuantity(field string, q int64) error {
	if q < 1 || q > MaxQuantity {
		return Contractf(field, "%d is outside 1..%d", q, MaxQuantity)
	}
	return nil
}

// CheckNumber refuses a number outside lo..[MaxNumber] with a [ContractError] for field.
func CheckNumber(field string, n, lo int64) error {
	if n < lo || n > MaxNumber {
		return Contractf(field, "%d is outside %d..%d", n, lo, MaxNumber)
	}
	return nil
}

func inRange(n int64) bool { return n >= -MaxNumber && n <= MaxNumber }
