package model

import (
	"strings"
	"unicode/utf8"
)

// SKU names a stock keeping unit: valid UTF-8 without U+0000, 0 to [MaxSKUBytes] bytes, compared as
// bytes. The empty SKU is legal.
type SKU string

// Location names where the units of a lane are: a warehouse or an escrow bucket. Same limits as SKU.
type Location string

// MainLocation is where a command goes that names no location.
const MainLocation Location = "main"

// MaxSKUBytes is the longest SKU or location, in bytes.
const MaxSKUBytes = 512

// LaneKey identifies a lane.
type LaneKey struct {
	SKU SKU
	Loc Location
}

// Compare orders lanes by the bytes of SKU, then of location: the one order in which locks are taken.
func (k LaneKey) Compare(o LaneKey) int {
	if c := strings.Compare(string(k.SKU), string(o.SKU)); c != 0 {
		return c
	}
	return strings.Compare(string(k.Loc), string(o.Loc))
}

// Validate refuses a SKU outside its limits with a [ContractError].
func (s SKU) Validate() error { return validateName("sku", string(s)) }

// Validate refuses a location outside its limits with a [ContractError].
func (l Location) Validate() error { return validateName("loc", string(l)) }

func validateName(field, s string) error {
	switch {
	case len(s) > MaxSKUBytes:
		return Contractf(field, "%d bytes, at most %d are allowed", len(s), MaxSKUBytes)
	case strings.IndexByte(s, 0) >= 0:
		return Contractf(field, "%q contains U+0000", s)
	case !utf8.ValidString(s):
		return Contractf(field, "%q is not valid UTF-8", s)
	}
	return nil
}
