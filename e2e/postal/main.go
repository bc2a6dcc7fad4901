// Postal measures the program itself on addresses whose postal codes are known:
// it runs "madoguchi postal lookup" as anyone would, reads its answers, sorts
// what went wrong by kind, and fails below what docs/decisions/postal-codes.md
// promises. The data is no part of the project.
//
//	go run ./e2e/postal -binary bin/madoguchi -data ../shared/data
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"madoguchi/app/postal"
)

// mostLoad is how long the national dictionary may take to load.
const mostLoad = time.Second

var errBelow = errors.New("below the targets")

func main() {
	binary := flag.String("binary", "bin/madoguchi", "the program to measure")
	data := flag.String("data", "../shared/data", "folder with utf_ken_all.zip and addresses.csv.gz")
	home := flag.String("default", "青森県三戸郡南部町", "municipality of addresses that name none")
	examples := flag.Int("examples", 3, "faults to print of each kind")
	flag.Parse()
	if err := measure(context.Background(), *binary, *data, *home, *examples); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func measure(ctx context.Context, binary, data, home string, examples int) error {
	dict := filepath.Join(data, "utf_ken_all.zip")
	raw, err := os.ReadFile(dict)
	if err != nil {
		return err
	}
	file, d, load, err := loaded(raw)
	if err != nil {
		return err
	}
	samples, err := readSamples(filepath.Join(data, "addresses.csv.gz"))
	if err != nil {
		return err
	}
	var addresses bytes.Buffer
	for _, s := range samples {
		addresses.WriteString(strings.ReplaceAll(s.Address, "\n", " ") + "\n")
	}
	// What starting and loading take is measured with no address at all.
	empty, _, err := lookUp(ctx, binary, dict, home, nil)
	if err != nil {
		return err
	}
	all, out, err := lookUp(ctx, binary, dict, home, addresses.Bytes())
	if err != nil {
		return err
	}
	answers, err := postal.ReadAnswers(bytes.NewReader(out))
	if err != nil {
		return err
	}
	if len(answers) != len(samples) {
		return fmt.Errorf("%d answers to %d addresses", len(answers), len(samples))
	}
	r := postal.Judge(d, samples, answers, max(all-empty, time.Millisecond))
	if err := r.Write(os.Stdout, examples); err != nil {
		return err
	}
	lines, met := r.Targets()
	fmt.Println(strings.Join(lines, "\n"))
	fmt.Printf("%d rows loaded in %.2f s (target %.0f s); the command took %.2f s in all\n", file.Edition.Rows, load.Seconds(), mostLoad.Seconds(), all.Seconds())
	if !met || load > mostLoad {
		return errBelow
	}
	return nil
}

// loads is how often the dictionary is loaded: the quickest counts, since the
// program is what is measured, not how busy this machine is.
const loads = 5

func loaded(raw []byte) (file *postal.File, d *postal.Dictionary, best time.Duration, err error) {
	for range loads {
		began := time.Now()
		if file, err = postal.ReadBytes(raw); err != nil {
			return nil, nil, 0, err
		}
		d = postal.NewDictionary(file)
		if took := time.Since(began); best == 0 || took < best {
			best = took
		}
	}
	return file, d, best, nil
}

func readSamples(name string) (_ []postal.Sample, err error) {
	in, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	return postal.ReadSamples(in)
}

func lookUp(ctx context.Context, binary, dict, home string, addresses []byte) (time.Duration, []byte, error) {
	cmd := exec.CommandContext(ctx, binary, "postal", "lookup", "--dict", dict, "--default", home)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(addresses), os.Stderr
	began := time.Now()
	out, err := cmd.Output()
	return time.Since(began), out, err
}
