package random

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func TestRatioReadsWhatItPrints(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := Ratio{rapid.Uint64Range(0, 999_999_999).Draw(t, "num"), rapid.Uint64Range(1, 999_999_999).Draw(t, "den")}.Reduced()
		back, err := ParseRatio(r.String())
		if err != nil || back != r {
			t.Fatalf("%+v prints %s, which reads %+v, %v", r, r, back, err)
		}
	})
	for s, want := range map[string]Ratio{"0": {0, 1}, "0.05": {1, 20}, "1": {1, 1}, "0.9": {9, 10}, "1/3": {1, 3},
		"2/6": {1, 3}, "1.5": {3, 2}} {
		if r, err := ParseRatio(s); err != nil || r != want {
			t.Errorf("%s reads %+v, %v", s, r, err)
		}
	}
	for _, s := range []string{"", ".", "1.", ".5", "-1", "+1", "1e-3", "0x1", "1/0", "1/", "5 %", "0.0000000001", "NaN"} {
		if r, err := ParseRatio(s); err == nil {
			t.Errorf("%q reads %+v", s, r)
		}
	}
}

// As floats 0.9 * 10 is above 9 and would be rounded up to 10.
func TestShareOfUnitsIsRoundedUpExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := Ratio{rapid.Uint64Range(0, 2000).Draw(t, "num"), rapid.Uint64Range(1, 1000).Draw(t, "den")}
		n := rapid.Int64Range(0, 1<<62).Draw(t, "n")
		got, fits := r.OfUp(n)
		product := new(big.Int).Mul(big.NewInt(int64(r.Num)), big.NewInt(n))
		want := product.Div(product.Add(product, big.NewInt(int64(r.Den)-1)), big.NewInt(int64(r.Den)))
		if fits != want.IsInt64() || fits && got != want.Int64() {
			t.Fatalf("%s of %d is %d, %t, want %s", r, n, got, fits, want)
		}
	})
	if n, _ := (Ratio{9, 10}).OfUp(10); n != 9 {
		t.Errorf("0.9 of 10 is %d", n)
	}
}
