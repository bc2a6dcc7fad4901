package postal

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sort"
	"strings"
	"sync"
	"time"
)

// Sample is an address whose code is known from elsewhere.
type Sample struct {
	Address    string
	Code       string // seven digits
	Prefecture string // as known, the address itself may lack it
}

// Tally counts answers of one part of the samples.
type Tally struct {
	Rows  int
	Sure  int // answered without asking
	Right int // of Sure, those with the known code
	Shown int // rows whose known code is among the candidates shown
}

// The kinds into which Evaluate sorts what went wrong.
const (
	// FaultLabel: a sure answer differs, and no town area of the known code
	// occurs in the address: the sample contradicts itself.
	FaultLabel = "label contradicts address"
	// FaultWrong: a sure answer differs, and the known code was possible.
	FaultWrong = "wrong sure answer"
	// FaultShown: candidates with the known code among them.
	FaultShown = "candidates with the right code"
	// FaultMissed: candidates without the known code, which was possible.
	FaultMissed = "candidates without the right code"
	// FaultUnnamed: candidates without the known code, and no town area of that
	// code occurs in the address.
	FaultUnnamed = "candidates, address does not name the town area"
	// FaultNone: no answer.
	FaultNone = "no answer"
)

// Report is the result of Evaluate. Seconds is the wall time of the look-ups
// alone.
type Report struct {
	All     Tally
	Parts   map[string]Tally // by prefecture, 三戸郡 and 南部町
	Faults  map[string]int
	Example map[string][]Fault // every fault, by kind
	Seconds float64
}

// Fault is one sample that was not answered surely and rightly.
type Fault struct {
	Sample Sample
	Answer Answer
}

// partsShown are the parts of the country that the report sets apart.
var partsShown = []string{"青森県", "三戸郡", "南部町"}

// Evaluate looks up every sample on all cores and counts.
func Evaluate(d *Dictionary, samples []Sample, def Default) Report {
	answers := make([]Answer, len(samples))
	start := time.Now()
	var wait sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		wait.Go(func() {
			for i := w; i < len(samples); i += workers {
				answers[i] = d.Lookup(samples[i].Address, def)
			}
		})
	}
	wait.Wait()
	return Judge(d, samples, answers, time.Since(start))
}

// Judge counts answers that were found in took, one for each sample, wherever
// they come from.
func Judge(d *Dictionary, samples []Sample, answers []Answer, took time.Duration) Report {
	r := Report{Parts: map[string]Tally{}, Faults: map[string]int{}, Example: map[string][]Fault{}}
	r.Seconds = took.Seconds()
	for i, s := range samples {
		r.count(d, s, answers[i])
	}
	return r
}

// ReadAnswers reads what LookupStream writes.
func ReadAnswers(in io.Reader) ([]Answer, error) {
	rows, err := csv.NewReader(in).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read answers: %w", err)
	}
	if len(rows) == 0 || len(rows[0]) != len(streamHeader) {
		return nil, errors.New("answers do not have the columns of postal lookup")
	}
	out := make([]Answer, 0, len(rows)-1)
	for _, row := range rows[1:] {
		a := Answer{Code: row[1], Tier: Tier(row[2])}
		for code := range strings.FieldsSeq(row[3]) {
			a.Candidates = append(a.Candidates, Candidate{Code: code})
		}
		out = append(out, a)
	}
	return out, nil
}

// Targets says how far a report is from what was promised: one line for each
// figure, and whether it is met. Rows whose known code belongs to a place that
// the address does not name bound what can be shown; they are left out where
// the promise is about candidates.
func (r Report) Targets() (lines []string, met bool) {
	met = true
	known := r.All.Rows - r.Faults[FaultLabel] - r.Faults[FaultUnnamed]
	own := r.Parts["南部町"]
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"sure answers, of all rows (%)", percent(r.All.Sure, r.All.Rows), 99.5},
		{"right, of the sure answers (%)", percent(r.All.Right, r.All.Sure), 99.5},
		{"right code shown, where the address names its town area (%)", percent(r.All.Shown, known), 99.8},
		{"right in 南部町 (%)", percent(own.Right, own.Rows), 100},
		{"addresses a second", float64(r.All.Rows) / max(r.Seconds, 1e-9), 20_000},
	} {
		verdict := "met"
		if c.got < c.want {
			verdict, met = "NOT MET", false
		}
		lines = append(lines, fmt.Sprintf("%-62s %10.3f  target %9.1f  %s", c.name, c.got, c.want, verdict))
	}
	reachable := r.All.Rows - r.Faults[FaultLabel]
	lines = append(lines, fmt.Sprintf("%-62s %10.3f  of %.3f that the samples' codes allow", "right code shown, of all rows (%)",
		percent(r.All.Shown, r.All.Rows), percent(reachable, r.All.Rows)))
	return lines, met
}

func (r *Report) count(d *Dictionary, s Sample, a Answer) {
	r.All.count(s, a)
	for _, part := range partsShown {
		if s.Prefecture == "青森県" && (part == s.Prefecture || strings.Contains(s.Address, part)) {
			t := r.Parts[part]
			t.count(s, a)
			r.Parts[part] = t
		}
	}
	if kind := faultOf(d, s, a); kind != "" {
		r.Faults[kind]++
		r.Example[kind] = append(r.Example[kind], Fault{s, a})
	}
}

func (t *Tally) count(s Sample, a Answer) {
	t.Rows++
	if a.Tier == Sure {
		t.Sure++
		if a.Code == s.Code {
			t.Right++
		}
	}
	if a.shows(s.Code) {
		t.Shown++
	}
}

func (a Answer) shows(code string) bool {
	for _, c := range a.Candidates {
		if c.Code == code {
			return true
		}
	}
	return false
}

func faultOf(d *Dictionary, s Sample, a Answer) string {
	switch {
	case a.Tier == Sure && a.Code == s.Code:
		return ""
	case a.Tier == Sure && contradicts(d, s):
		return FaultLabel
	case a.Tier == Sure:
		return FaultWrong
	case a.Tier == None:
		return FaultNone
	case a.shows(s.Code):
		return FaultShown
	}
	if contradicts(d, s) {
		return FaultUnnamed
	}
	return FaultMissed
}

// contradicts reports that no town area of the sample's code occurs in its
// address, so that no reading of the address can give that code.
func contradicts(d *Dictionary, s Sample) bool {
	address := string(fold(s.Address))
	for _, t := range d.Towns(s.Code) {
		base, _ := splitBracket(t.Town)
		name := string(foldName(base))
		if i := strings.Index(name, "地割"); i > 0 {
			name = strings.TrimRight(name[:i], "0123456789第")
		}
		if t.Office == "" && (name == "" || strings.Contains(address, name)) {
			return false
		}
	}
	return true
}

// ReadSamples reads a CSV with a header that names the columns address,
// postal_code, and as wished pref and zip_status; rows whose zip_status is not
// ken_all are left out. The CSV may be compressed with gzip.
func ReadSamples(in io.Reader) ([]Sample, error) {
	head := make([]byte, 2)
	n, err := io.ReadFull(in, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("read samples: %w", err)
	}
	in = io.MultiReader(strings.NewReader(string(head[:n])), in)
	if string(head[:n]) == "\x1f\x8b" {
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, fmt.Errorf("read samples: %w", err)
		}
		in = z
	}
	rows, err := csv.NewReader(in).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read samples: %w", err)
	}
	return samplesOf(rows)
}

func samplesOf(rows [][]string) ([]Sample, error) {
	column := map[string]int{}
	if len(rows) > 0 {
		for i, name := range rows[0] {
			column[strings.TrimPrefix(name, "\ufeff")] = i
		}
	}
	address, hasAddress := column["address"]
	code, hasCode := column["postal_code"]
	if !hasAddress || !hasCode {
		return nil, errors.New("samples have no columns address and postal_code")
	}
	var out []Sample
	for _, row := range rows[1:] {
		if i, ok := column["zip_status"]; ok && row[i] != string(KindKenAll) {
			continue
		}
		s := Sample{Address: row[address], Code: row[code]}
		if i, ok := column["pref"]; ok {
			s.Prefecture = row[i]
		}
		out = append(out, s)
	}
	return out, nil
}

// Write prints the report, with up to examples faults of every kind.
func (r Report) Write(out io.Writer, examples int) error {
	var b strings.Builder
	r.All.line(&b, "all")
	for _, part := range partsShown {
		if t, ok := r.Parts[part]; ok {
			t.line(&b, part)
		}
	}
	labels, unnamed := r.Faults[FaultLabel], r.Faults[FaultUnnamed]
	fmt.Fprintf(&b, "where the known code's town area is in the address: right of sure %.3f%%, shown %.3f%%\n",
		percent(r.All.Right, r.All.Sure-labels), percent(r.All.Shown, r.All.Rows-labels-unnamed))
	fmt.Fprintf(&b, "%.0f addresses/s\n", float64(r.All.Rows)/max(r.Seconds, 1e-9))
	kinds := make([]string, 0, len(r.Faults))
	for k := range r.Faults {
		kinds = append(kinds, k)
	}
	sort.Strings(kinds)
	for _, k := range kinds {
		fmt.Fprintf(&b, "%s: %d\n", k, r.Faults[k])
		for _, f := range r.Example[k][:min(examples, len(r.Example[k]))] {
			fmt.Fprintf(&b, "  %s\t%s\t%s", f.Sample.Code, f.Sample.Address, f.Answer.Tier)
			for _, c := range f.Answer.Candidates[:min(3, len(f.Answer.Candidates))] {
				fmt.Fprintf(&b, "\t%s %s%s %s", c.Code, c.Municipality, c.Town, c.Why)
			}
			b.WriteByte('\n')
		}
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func (t Tally) line(b *strings.Builder, name string) {
	fmt.Fprintf(b, "%s: %d rows, sure %d (%.3f%%), right %d (%.3f%% of sure), shown %d (%.3f%%)\n", name, t.Rows,
		t.Sure, percent(t.Sure, t.Rows), t.Right, percent(t.Right, t.Sure), t.Shown, percent(t.Shown, t.Rows))
}

func percent(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return 100 * float64(part) / float64(whole)
}
