package random

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// Ratio is an exact share: a probability, or supply over demand. As a decimal fraction a float would
// round 0.9 of 10 up to 10. The zero Ratio is 0.
type Ratio struct{ Num, Den uint64 }

// ratioDigits bounds the digits behind the point, and of each side of a fraction.
const ratioDigits = 9

// ParseRatio reads "0.05", "1" or "1/20": at most 9 digits behind the point or on each side.
func ParseRatio(s string) (Ratio, error) {
	if num, den, ok := strings.Cut(s, "/"); ok {
		n, err1 := digits(num)
		d, err2 := digits(den)
		if err1 != nil || err2 != nil || d == 0 {
			return Ratio{}, fmt.Errorf("%q is not a share such as 0.05 or 1/20", s)
		}
		return Ratio{n, d}.Reduced(), nil
	}
	whole, fraction, point := strings.Cut(s, ".")
	n, err := digits(whole)
	f, den := uint64(0), uint64(1)
	if point && err == nil {
		f, err = digits(fraction)
		for range fraction {
			den *= 10
		}
	}
	if err != nil {
		return Ratio{}, fmt.Errorf("%q is not a share such as 0.05 or 1/20", s)
	}
	return Ratio{n*den + f, den}.Reduced(), nil
}

// digits reads 1 to 9 decimal digits and nothing else.
func digits(s string) (uint64, error) {
	if s == "" || len(s) > ratioDigits || strings.Trim(s, "0123456789") != "" {
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseUint(s, 10, 64)
}

// Reduced is the same ratio in lowest terms. Den must be above 0.
func (r Ratio) Reduced() Ratio {
	a, b := r.Num, r.Den
	for b != 0 {
		a, b = b, a%b
	}
	return Ratio{r.Num / a, r.Den / a}
}

// Denominator is Den, 1 in the zero value.
func (r Ratio) Denominator() uint64 { return max(r.Den, 1) }

// String is the shortest text that ParseRatio reads back: a decimal where there is an exact one of at
// most 9 digits, a fraction otherwise.
func (r Ratio) String() string {
	scale := uint64(1)
	for n := 0; n <= ratioDigits; n++ {
		if scale%r.Denominator() == 0 {
			v := r.Num * (scale / r.Denominator())
			if n == 0 {
				return strconv.FormatUint(v, 10)
			}
			return fmt.Sprintf("%d.%0*d", v/scale, n, v%scale)
		}
		scale *= 10
	}
	return fmt.Sprintf("%d/%d", r.Num, r.Den)
}

// Set implements [flag.Value].
func (r *Ratio) Set(s string) (err error) {
	*r, err = ParseRatio(s)
	return err
}

// Probability reports whether the ratio is within 0..1.
func (r Ratio) Probability() bool { return r.Num <= r.Denominator() }

// OfUp is the ratio of n, rounded up; false if that exceeds 63 bits. n must not be negative.
func (r Ratio) OfUp(n int64) (int64, bool) {
	hi, lo := bits.Mul64(r.Num, uint64(n))
	lo, carry := bits.Add64(lo, r.Denominator()-1, 0)
	hi += carry
	if hi >= r.Denominator() {
		return 0, false
	}
	q, _ := bits.Div64(hi, lo, r.Denominator())
	return int64(q), q < 1<<63
}

// Percent is the ratio for people: "30 %", or the fraction where percent would be long.
func (r Ratio) Percent() string {
	if s := (Ratio{r.Num * 100, r.Denominator()}.Reduced()).String(); len(s) <= 5 {
		return s + " %"
	}
	return r.String()
}
