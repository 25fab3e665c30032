package page_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"stockproof/checks"
	"stockproof/sim/page"
)

// What porcupine draws stands in the page, can be read in light and dark, and is wide inside its own box only.
func TestPorcupinesPanelIsInThePage(t *testing.T) {
	ctx := browser(t)
	p := pageOf(recorded(t, "verdict-flip"))
	for _, width := range []int64{1280, 390} {
		for _, scheme := range []string{"light", "dark"} {
			t.Run(fmt.Sprintf("%s at %d", scheme, width), func(t *testing.T) {
				b := open(t, ctx, p, width, scheme)
				eval[bool](b, `document.getElementById('answers').scrollIntoView(), true`)
				b.until(`document.getElementById('porcupine').contentDocument.querySelectorAll('.target-rect[tabindex]').length === 2`)
				if out := eval[[]string](b, wide); len(out) > 0 {
					t.Errorf("wider than the page: %q", out)
				}
				looked := eval[[]any](b, faint+`(document.getElementById('porcupine').contentDocument)`)
				if looked[0].(float64) < 6 || len(looked) > 1 {
					t.Errorf("of %v texts of the panel contrast too little: %q", looked[0], looked[1:])
				}
				dark := `getComputedStyle(document.getElementById('porcupine').contentDocument.body).backgroundColor.match(/\d+/g).every(v => v < 60)`
				if got := eval[bool](b, dark); got != (scheme == "dark") {
					t.Errorf("the panel is dark: %v", got)
				}
				box := eval[[]float64](b, `(() => { const f = document.getElementById('porcupine'), d = f.contentDocument.documentElement;
					return [f.clientHeight - d.offsetHeight, f.getBoundingClientRect().right, d.scrollWidth - d.clientWidth]; })()`)
				if high := eval[float64](b, `(() => { const f = document.getElementById('porcupine');
					return f.offsetHeight - Math.min(Math.max(150, f.contentDocument.documentElement.offsetHeight + 20), innerHeight * .7); })()`); high < -3 || high > 3 {
					t.Errorf("the panel is %v pixels higher than what it shows", high)
				}
				if box[0] < 0 || box[1] > float64(width) || (box[2] > 0) != (width == 390) {
					t.Errorf("height to spare %v, right edge %v, hidden at the right %v", box[0], box[1], box[2])
				}
				b.picture(fmt.Sprintf("panel-%s-%d.png", scheme, width))
			})
		}
	}
}

// Made for a mouse, the panel is reached by the keyboard too.
func TestPorcupinesPanelWorksFromTheKeyboard(t *testing.T) {
	b := open(t, browser(t), pageOf(recorded(t, "verdict-flip")), 1280, "light")
	b.until(`document.getElementById('porcupine').contentDocument.querySelectorAll('.target-rect[tabindex]').length === 2`)
	eval[bool](b, `window.inside = document.getElementById('porcupine').contentDocument, inside.defaultView.focus(), inside.querySelector('.target-rect').focus(), true`)
	b.until(`inside.querySelector('.tooltip').style.display === 'block'`)
	if got := eval[string](b, `inside.querySelector('.tooltip').innerText`); !strings.Contains(got, "available") {
		t.Errorf("the tooltip says %q", got)
	}
	if got := eval[string](b, `inside.activeElement.getAttribute('aria-label')`); !strings.HasPrefix(got, "client ") {
		t.Errorf("the operation is called %q", got)
	}
	b.press(kb.Tab)
	if got := eval[string](b, `inside.querySelectorAll('.target-rect')[1] === inside.activeElement ? inside.querySelector('.tooltip').innerText : 'elsewhere'`); !strings.Contains(got, "available") {
		t.Errorf("on the next operation the tooltip says %q", got)
	}
	b.press(kb.Tab)
	if got := eval[string](b, `inside.querySelector('.tooltip').style.display`); got == "block" {
		t.Error("the tooltip stays when the focus is gone")
	}
	eval[bool](b, `inside.querySelector('.target-rect').focus(), true`)
	for _, selected := range []int{1, 0} {
		b.press(kb.Enter)
		if n := eval[int](b, `inside.querySelectorAll('.selected').length`); n != selected {
			t.Errorf("%d operations are selected, want %d", n, selected)
		}
	}
	eval[bool](b, `inside.getElementById('jump-link').focus(), true`)
	b.press(kb.Enter)
	if n := eval[int](b, `inside.querySelectorAll('.selected').length`); n != 1 {
		t.Error("Enter on the link goes nowhere")
	}
}

// The panel is about what the page accuses: the answers that no order explains, or the lane of the verdict.
func TestThePanelShowsWhatThePageIsAbout(t *testing.T) {
	flip, expiry := recorded(t, "verdict-flip"), recorded(t, "token-expiry")
	claims := recorded(t, "token-expiry")
	claims.Outcome.Reports = []checks.Report{{Guarantee: checks.Linearizable, Verdict: checks.Fail, Claimed: true}}
	claims.Outcome.Explain = func(w io.Writer) error {
		_, err := io.WriteString(w, "<html><head></head><script>render()</script></html>")
		return err
	}
	unable := claims
	unable.Outcome.Explain = func(io.Writer) error { return errors.New("no ink") }
	for _, c := range []struct {
		run   page.Run
		wants []string
	}{
		{flip, []string{"Lane A: how far every order comes", "order o1 line 1 (1 of", "srcdoc="}},
		{expiry, []string{"An order of lane A that explains every answer", "RESTOCK supply of", "srcdoc="}},
		{claims, []string{"The operations that contradict each other", "prefers-color-scheme: dark", "render()"}},
		{unable, []string{"porcupine could not draw it: no ink"}},
	} {
		text := written(t, pageOf(c.run))
		_, text, _ = strings.Cut(text, `id="answers"`)
		for _, want := range c.wants {
			if !strings.Contains(text, want) {
				t.Errorf("%q is missing", want)
			}
		}
	}
}
