package postal

import "strings"

// variantGroups lists character variants (異体字, 旧字体) met in addresses.
// The first character of a group stands for all others. It serves comparison
// only: nothing folded is ever shown. Characters that tell town areas of one
// municipality apart (畑 and 畠, 杉 and 椙, 船 and 舟) are not variants here.
const variantGroups = `
釜竃竈 治冶 鍛鍜 祇祗 日曰 麩麸麬 仙僊 高髙 崎﨑嵜碕埼 沢澤 辺邊邉 斉齋斎齊齎 曽曾 蛍螢 鶏雞鷄 桧檜 涛濤
祷禱 渕淵 浜濱濵 広廣 徳德 柳栁 真眞 万萬 国國圀 桜櫻 滝瀧 竜龍 塩鹽 島嶋嶌 峰峯 野埜 条條 栄榮 円圓
学學 寿壽 宝寶寳 恵惠 県縣 弥彌 豊豐 芦蘆 鉄鐵鐡 礼禮 総總 緑綠 横橫 黒黑 頼賴 瀬瀨 予豫 与與 両兩
並竝 仏佛 会會 伝傳 児兒 剣劍劔剱釼 労勞 勲勳 区區 参參 双雙 台臺 号號 団團 囲圍 図圖 圧壓 壱壹 変變
実實 専專 将將 尽盡 届屆 属屬 岳嶽 巌巖 帯帶 庁廳 応應 戦戰 戸戶 挙擧 数數 旧舊 昼晝 暁曉 来來 楽樂
検檢 権權 欧歐 歩步 歳歲 毎每 気氣 清淸 湾灣 潟泻 焼燒 独獨 狭狹 産產 画畫 当當 畳疊 砕碎 稲稻 穂穗
糸絲 経經 縦縱 聡聰 声聲 芸藝 茎莖 荘莊庄 薬藥 虫蟲 蔵藏 蚕蠶 観觀 触觸 誉譽 読讀 転轉 遅遲 医醫 釈釋
銭錢 鋳鑄 関關 閑閒 陥陷 隠隱 随隨 雑雜 霊靈 静靜 顔顏 駅驛 駆驅 験驗 髪髮 鴎鷗 鳳鳯 麦麥 黄黃 点點
歯齒 亀龜 為爲 焔焰 尭堯 槙槇 遥遙 瑶瑤 凛凜 薮藪 籠篭 賎賤 掻搔 頬頰 繋繫 蝉蟬 蝋蠟 侠俠 倶俱 呑吞
填塡 屏屛 麺麵 箪簞 莱萊 蒋蔣 醤醬 曳曵 館舘 富冨 船舩 松枩柗 梅楳 吉𠮷 土圡 朗朖 鯵鰺 壷壺
砺礪 秋龝穐 栃杤 椛樺 梼檮 泊洎 州洲 釆采 晒曬 磯礒 脇脅 萱萓 蕊蘂蕋 蛎蠣 蝿蠅 鑓鎗 坂阪 靭靱
鴬鶯 体體躰 糺糾 枡桝 爾尓 苅刈 餅餠 淀澱 溪渓谿 廼迺 桑桒 留畄 卯夘 喜㐂 草艸 群羣 霧雰 淡澹 厩廐廏
閲閱 翠翆 隣鄰 鍬鍫 鎚槌 撹攪 諫諌 頸頚 鹸鹼 糖餹 脳腦 冴冱 碁棊 町甼 鎮鎭 増增 徴徵 飲飮 嘩譁 蔭陰
垂埀 鞆靹 樽罇 猪豬 渋澁澀 浄淨 巣巢 穣穰 髭鬚 継繼 続續
`

// variantFold maps every variant to its representative.
var variantFold = buildVariants()

// spelled gives the kana by which Japan Post writes characters that its
// character set lacks.
var spelled = map[rune]string{'埇': "ソネ", '橳': "ヌデ", '薭': "ヒエ", '舂': "ツク", '獺': "ウソ", '桛': "カセ"}

func buildVariants() map[rune]rune {
	m := make(map[rune]rune)
	for _, group := range strings.Fields(variantGroups) {
		var first rune
		for i, r := range group {
			if i == 0 {
				first = r
				continue
			}
			if r != first {
				m[r] = first
			}
		}
	}
	return m
}
