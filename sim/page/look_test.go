package page_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

var screenshots = flag.String("screenshots", "", "folder to write pictures of the pages to, for people to look at")

// faint lists the texts of the page that contrast with what is behind them by less than 4.5 to 1, which is what
// WCAG 2.1 asks for (success criterion 1.4.3, level AA), with its formula: a function of the document.
const faint = `(document => {
	const rgba = s => { const n = s.match(/[\d.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n; };
	const over = (a, b) => [0, 1, 2].map(i => a[i] * a[3] + b[i] * (1 - a[3])).concat(1);
	const behind = e => {
		const box = e.closest('svg') && e.parentElement.querySelector(':scope > .history-rect'); // porcupine writes on boxes
		const stack = box ? [rgba(getComputedStyle(box).fill)] : [];
		for (; e; e = e.parentElement) stack.push(rgba(getComputedStyle(e).backgroundColor));
		return stack.reduceRight((under, c) => over(c, under), [255, 255, 255, 1]);
	};
	const luminance = c => { const [r, g, b] = c.map(v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b; };
	const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
	let looked = 0;
	while (texts.nextNode()) {
		const text = texts.currentNode, e = text.parentElement;
		if (!text.data.trim() || !e.getClientRects().length || e.closest('script, noscript')) continue;
		const style = getComputedStyle(e), ground = behind(e);
		const ink = over(rgba(e.closest('svg') ? style.fill : style.color), ground);
		const [a, b] = [luminance(ink), luminance(ground)].sort((x, y) => y - x);
		looked++;
		if ((a + .05) / (b + .05) < 4.5) found.push(((a + .05) / (b + .05)).toFixed(2) + ' ' + text.data.trim().slice(0, 40));
	}
	return [looked].concat(found);
})`

// marks says how rows stand out: by what is behind them and, as colour is never all, by bold text, a mark or an edge.
const marks = `(() => {
	const of = e => getComputedStyle(e), plain = of(document.getElementById('row-1')).backgroundColor, out = [];
	const behind = (selector, also) => document.querySelectorAll(selector).forEach(e => { if (of(e).backgroundColor !== plain) out.push(also(e)); });
	behind('.row.struck', e => +of(e.querySelector('.fault')).fontWeight >= 600 && 'struck');
	behind('.row.accused', e => 'accused ' + e.querySelector('.mark').textContent);
	behind('.row[aria-selected=true]', e => of(e).boxShadow.includes('inset') && 'selected');
	return out.map(String);
})()`

// wide lists what is wider than the page and does not scroll by itself.
const wide = `(() => {
	const scrolls = e => { for (e = e.parentElement; e; e = e.parentElement) if (getComputedStyle(e).overflowX === 'auto') return true; return false; };
	const all = [...document.body.querySelectorAll('*')].filter(e => e.getBoundingClientRect().right > innerWidth + .5 && !scrolls(e));
	const out = all.map(e => e.tagName + ' ' + e.className + ' ' + e.id);
	if (document.documentElement.scrollWidth > innerWidth) out.push('the page is ' + document.documentElement.scrollWidth + ' wide');
	return out;
})()`

func TestThePageFitsAndCanBeRead(t *testing.T) {
	ctx := browser(t)
	p := shrunk(t)
	for _, width := range []int64{1280, 390} {
		for _, scheme := range []string{"light", "dark"} {
			t.Run(fmt.Sprintf("%s at %d", scheme, width), func(t *testing.T) {
				b := open(t, ctx, p, width, scheme)
				if dark := eval[bool](b, `getComputedStyle(document.body).backgroundColor.match(/\d+/g).every(v => v < 60)`); dark != (scheme == "dark") {
					t.Errorf("dark is %v", dark)
				}
				if list := eval[bool](b, `document.getElementById('grid').classList.contains('list')`); list != (width < 700) {
					t.Errorf("rows as lists is %v", list)
				}
				if got, want := eval[[]string](b, marks), []string{"struck", "struck", "accused <- second deduction", "selected"}; !slices.Equal(got, want) {
					t.Errorf("rows that stand out: %q, want %q", got, want)
				}
				b.focus("#grid")
				for _, key := range []string{kb.Home, "n", "n", "n"} { // a plain row, faults, the accused one
					b.press(key)
					if out := eval[[]string](b, wide); len(out) > 0 {
						t.Errorf("wider than the page: %q", out)
					}
					looked := eval[[]any](b, faint+`(document)`)
					if looked[0].(float64) < 100 || len(looked) > 1 {
						t.Errorf("of %v texts contrast too little: %q", looked[0], looked[1:])
					}
					if cut := eval[[]string](b, `[...document.querySelectorAll('.row')].filter(e => e.scrollHeight > e.clientHeight + 1).map(e => e.id)`); len(cut) > 0 {
						t.Errorf("rows higher than reckoned: %q", cut)
					}
				}
				if high := eval[float64](b, `scrollTo(0, document.getElementById('grid').getBoundingClientRect().top + scrollY - 200),
					document.querySelector('.bar').getBoundingClientRect().top`); high != 0 {
					t.Errorf("the scrubber is %v pixels from the top when the rows are looked at", high)
				}
				b.picture(fmt.Sprintf("%s-%d.png", scheme, width))
			})
		}
	}
}

// picture takes a screenshot, if anybody wants one.
func (b *tab) picture(name string) {
	b.Helper()
	if *screenshots == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*screenshots, name), png, 0o600); err != nil {
		b.Fatal(err)
	}
}

// A run of thousands of steps is in the document only as far as it can be seen, wherever one goes.
func TestALongRunIsDrawnWhereItIsSeen(t *testing.T) {
	ctx := browser(t)
	p := busy(t, 150)
	rows := p.Run.Timeline.Rows
	if len(rows) < 800 {
		t.Fatalf("the run has %d rows", len(rows))
	}
	for _, width := range []int64{1280, 390} {
		b := open(t, ctx, p, width, "light")
		b.focus("#grid")
		for _, k := range []struct {
			key  string
			step int
		}{{kb.End, len(rows)}, {kb.PageUp, len(rows) - 10}, {kb.Home, 1}} {
			b.press(k.key)
			b.at(k.step)
			text := eval[string](b, fmt.Sprintf(`document.querySelector('#row-%d').innerText.replace(/\s+/g, ' ')`, k.step-1))
			for _, c := range rows[k.step-1].Cells {
				if want := strings.Join(strings.Fields(c.Text), " "); !c.Weak && !strings.Contains(text, want) {
					t.Errorf("step %d at width %d: %q is not in %q", k.step, width, want, text)
				}
			}
			if n := eval[int](b, `document.querySelectorAll('.row').length`); n < 5 || n > 150 {
				t.Errorf("%d rows are in the document", n)
			}
		}
		// By the wheel too, with the selected row kept for who listens.
		eval[bool](b, `document.getElementById('grid').scrollTop = player.grid.tops[400], true`)
		b.until(`document.querySelector('#row-402') && document.querySelector('#row-0')`)
		if out := eval[[]string](b, wide); len(out) > 0 {
			t.Errorf("wider than the page: %q", out)
		}
	}
}
