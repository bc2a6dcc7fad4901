package demo

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// area is a 大字 of 南部町 (三戸郡, 青森県) with its postal code, as Japan Post
// publishes it. Share is how many of the recipients live there, in parts.
type area struct {
	name, code string
	share      int
	hamlets    string // the 字 that have this code, if they decide it
}

const (
	townPrefix = "青森県三戸郡南部町大字"
	// hamlets are 字 as they are named everywhere in the region. Which of them
	// exist in which 大字 is left to chance.
	hamlets = `上野 中平 沢田 舘 前田 川原 長根 桜木 西山 東田 清水 大平 八幡 下構 上構 町中 横町 荒屋敷 小川 岩ノ沢 松長根 水上 向田 佐野平 古舘 蟹沢 板橋 野月`
)

// areas: 相内 has two codes, which its 字 decides.
var areas = []area{
	{"苫米地", "0390802", 14, ""}, {"福田", "0390815", 12, ""}, {"剣吉", "0390612", 12, ""},
	{"上名久井", "0390501", 10, ""}, {"下名久井", "0390502", 9, ""}, {"大向", "0390103", 9, ""},
	{"沖田面", "0390105", 8, ""}, {"小向", "0390104", 7, ""}, {"埖渡", "0390814", 6, ""},
	{"相内", "0390606", 2, "柏木久保 鴨ノ首 留ノ沢 沼久保 屋敷久保"}, {"相内", "0390106", 5, ""},
	{"平", "0390503", 4, ""}, {"斗賀", "0390611", 4, ""}, {"虎渡", "0390614", 4, ""},
	{"小泉", "0390805", 3, ""}, {"赤石", "0390102", 3, ""}, {"玉掛", "0390101", 3, ""},
	{"杉沢", "0390813", 3, ""}, {"法師岡", "0390811", 3, ""}, {"鳥舌内", "0390504", 3, ""},
	{"鳥谷", "0390505", 2, ""}, {"法光寺", "0390506", 2, ""}, {"高瀬", "0390507", 2, ""},
	{"森越", "0390613", 2, ""}, {"片岸", "0390801", 2, ""}, {"麦沢", "0390803", 2, ""},
	{"高橋", "0390804", 1, ""}, {"椛木", "0390812", 2, ""},
}

// elsewhere are addresses outside the town: people move while their card waits.
var elsewhere = []area{
	{"青森県八戸市湊高台%s丁目", "0310823", 3, ""}, {"青森県八戸市大字根城字馬場頭", "0391166", 3, ""},
	{"青森県三戸郡三戸町大字梅内字中ノ平", "0390112", 2, ""}, {"青森県三戸郡五戸町字博労町", "0391558", 2, ""},
	{"岩手県二戸市金田一字上田面", "0285711", 2, ""}, {"青森県十和田市西二番町", "0340082", 1, ""},
	{"宮城県仙台市泉区将監%s丁目", "9813132", 1, ""}, {"東京都新宿区高田馬場%s丁目", "1690075", 1, ""},
}

// buildings are 方書: what follows the lot, after a full-width space.
var buildings = []string{
	"コーポさくら%d号", "メゾンりんご園%d号室", "ハイツ馬淵川%d", "町営住宅第２団地%d号", "サンコーポ　Ｂ棟%d号室",
}

// homeAddress draws an address in the town and its postal code.
func homeAddress(rng *rand.Rand) (address, code string) {
	a := pickArea(rng, areas)
	names := hamlets
	if a.hamlets != "" {
		names = a.hamlets
	}
	address = townPrefix + a.name + "字" + pick(rng, strings.Fields(names)) + lot(rng)
	return address + building(rng), a.code
}

// awayAddress draws an address outside the town and its postal code.
func awayAddress(rng *rand.Rand) (address, code string) {
	a := pickArea(rng, elsewhere)
	if strings.Contains(a.name, "%s") {
		return fmt.Sprintf(a.name, pick(rng, []string{"一", "二", "三"})) +
			fmt.Sprintf("%d番%d号", 1+rng.IntN(40), 1+rng.IntN(30)) + building(rng), a.code
	}
	return a.name + lot(rng), a.code
}

// lot draws a 番地 in one of the ways in which registers write it.
func lot(rng *rand.Rand) string {
	n, branch := 1+rng.IntN(180), 1+rng.IntN(12)
	switch k := rng.IntN(20); {
	case k < 9:
		return fmt.Sprintf("%d番地%d", n, branch)
	case k < 14:
		return fmt.Sprintf("%d番地", n)
	case k < 16:
		return fmt.Sprintf("%d番地の%d", n, branch)
	case k < 18:
		return fmt.Sprintf("%d－%d", n, branch)
	}
	return fullWidthDigits.Replace(fmt.Sprintf("%d番地%d", n, branch))
}

// building draws a 方書 for one address in sixteen.
func building(rng *rand.Rand) string {
	if rng.IntN(16) != 0 {
		return ""
	}
	return "　" + fmt.Sprintf(pick(rng, buildings), 100*(1+rng.IntN(3))+1+rng.IntN(8))
}

var fullWidthDigits = strings.NewReplacer("0", "０", "1", "１", "2", "２", "3", "３", "4", "４",
	"5", "５", "6", "６", "7", "７", "8", "８", "9", "９")

func pick[T any](rng *rand.Rand, from []T) T { return from[rng.IntN(len(from))] }

func pickArea(rng *rand.Rand, from []area) area {
	return from[weighted(rng, len(from), func(i int) int { return from[i].share })]
}

// weighted draws one of n things by its weight.
func weighted(rng *rand.Rand, n int, weight func(int) int) int {
	sum := 0
	for i := range n {
		sum += weight(i)
	}
	left := rng.IntN(sum)
	for i := range n {
		if left -= weight(i); left < 0 {
			return i
		}
	}
	return n - 1
}
