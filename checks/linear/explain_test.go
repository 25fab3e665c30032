package linear

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestAFailingSliceIsDrawn(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	ops, spec, _, _ := served(r, lostUpdate, 2000, 64)
	report, _ := Versioned(ops, spec, Options{})
	if report.Verdict != Fail || report.Slice == nil {
		report.Slice = &Slice{100, 101}
	}
	var page, again bytes.Buffer
	if err := Explain(&page, ops, spec, *report.Slice, PorcupineLimits{}); err != nil {
		t.Fatal(err)
	}
	if err := Explain(&again, ops, spec, *report.Slice, PorcupineLimits{}); err != nil || !bytes.Equal(page.Bytes(), again.Bytes()) {
		t.Errorf("another page the second time: %v", err)
	}
	if !strings.Contains(page.String(), "<html") || !strings.Contains(page.String(), "deduct") {
		t.Errorf("no page about deductions: %.200s", page.String())
	}
	var text bytes.Buffer
	if err := Explain(&text, ops, spec, Slice{0, 1500}, PorcupineLimits{}); !IsText(err) || !strings.Contains(text.String(), "deduct") {
		t.Errorf("%v: %.200s", err, text.String())
	}
}
