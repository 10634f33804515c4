"""Every word the screen says by itself, by language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from installation.messages import Hint

Pole = tuple[str, bool]
"""A dimension of affect, and whether there is much of it (True) or little."""


@dataclass(frozen=True, slots=True)
class Words:
    """What the screen says in one language.

    Attributes:
        name: The installation's own.
        motto: Under it, while no painting hangs yet.
        unknown_artist: Where a label names nobody.
        unknown_work: The title of a work that is in no gallery.
        untitled: The title of a work that nobody has named.
        composing: Beside the progress of what will be heard next.
        invitation: While nobody is there, if there is a camera.
        show_me: While the camera finds no painting.
        found: When it has found one.
        hints: What would help the camera.
        answering: While a visitor's music is composed.
        closed: Outside the opening hours.
        why: Over the reasons of the music.
        reasons: What is seen in a painting, and what of the music comes from it.
        in_the_middle: Both, of a painting without any extremes.
        because: How the two are joined to a sentence.
        own_words: Before the words that were said beside the picture; they stand for {}.
        take_home: Beside the QR code.
        valid: Under it; {} is the time of day until which it can be had.
        another_piece: A visitor's button.
        own_text: Likewise.
        own_text_title: Over the keyboard.
        own_text_example: What could be written there.
        refused: When what was written is not taken.
        cancel: Away from the keyboard.
        send: Take what was written.
        volume: Beside the control.
        letters: Of the keyboard, row by row.
    """

    name: str
    motto: str
    unknown_artist: str
    unknown_work: str
    untitled: str
    composing: str
    invitation: str
    show_me: str
    found: str
    hints: Mapping[Hint, str]
    answering: str
    closed: str
    why: str
    reasons: Mapping[Pole, tuple[str, str]]
    in_the_middle: tuple[str, str]
    because: str
    own_words: str
    take_home: str
    valid: str
    another_piece: str
    own_text: str
    own_text_title: str
    own_text_example: str
    refused: str
    cancel: str
    send: str
    volume: str
    letters: tuple[str, str, str]


ENGLISH = Words(
    name="Art2Mus",
    motto="music for paintings",
    unknown_artist="Unknown artist",
    unknown_work="A work new to us",
    untitled="Untitled",
    composing="composing what comes next",
    invitation="Show the camera a picture and hear its music",
    show_me="Show me a painting",
    found="I see it. Hold it just like that",
    hints={
        Hint.HOLD_STILL: "Hold still for a moment",
        Hint.COME_CLOSER: "Come a little closer",
        Hint.TOO_DARK: "It is too dark to see",
        Hint.GLARE: "There is a glare: tilt it a little",
    },
    answering="Composing music for this painting",
    closed="We are closed",
    why="Why this music",
    reasons={
        ("valence", True): ("The colours are cheerful", "the music is in a bright, major mood"),
        ("valence", False): ("The colours are sombre", "the music leans towards the minor"),
        ("arousal", True): ("The picture is full of movement", "the tempo is lively"),
        ("arousal", False): ("The picture is at rest", "the music takes its time"),
        ("brightness", True): ("There is much light in it", "the music sounds high and clear"),
        ("brightness", False): ("There is little light in it", "the music sounds low and veiled"),
        ("warmth", True): ("Warm tones prevail", "the instruments sound soft and round"),
        ("warmth", False): ("Cool tones prevail", "the instruments sound cool and clear"),
        ("complexity", True): ("The eye finds something everywhere", "the music swells and subsides more freely"),
        ("complexity", False): ("It says much with little", "the music stays plain and even"),
        ("weight", True): ("It weighs heavily", "deep notes carry the music"),
        ("weight", False): ("It is light as air", "the bass keeps in the background"),
    },
    in_the_middle=("Light, colour and movement are in balance", "the music keeps to the middle, too"),
    because="{}: {}.",
    own_words="With these words: “{}”.",
    take_home="Take this music home",
    valid="until {}",
    another_piece="Another piece",
    own_text="Add your words",
    own_text_title="What should the music be like?",
    own_text_example="a slow waltz by the sea",
    refused="Let us try other words.",
    cancel="Cancel",
    send="Compose",
    volume="Volume",
    letters=("qwertyuiop", "asdfghjkl", "zxcvbnm'"),
)

ITALIAN = Words(
    name="Art2Mus",
    motto="musica per dipinti",
    unknown_artist="Artista ignoto",
    unknown_work="Un’opera nuova per noi",
    untitled="Senza titolo",
    composing="sta nascendo il seguito",
    invitation="Mostra un quadro alla telecamera e ascolta la sua musica",
    show_me="Mostrami un dipinto",
    found="Lo vedo. Tienilo così",
    hints={
        Hint.HOLD_STILL: "Resta fermo un momento",
        Hint.COME_CLOSER: "Avvicinati un po’",
        Hint.TOO_DARK: "È troppo buio per vedere",
        Hint.GLARE: "C’è un riflesso: inclina un po’",
    },
    answering="Compongo la musica per questo dipinto",
    closed="Siamo chiusi",
    why="Perché questa musica",
    reasons={
        ("valence", True): ("I colori sono allegri", "la musica è serena, in maggiore"),
        ("valence", False): ("I colori sono cupi", "la musica tende al minore"),
        ("arousal", True): ("Il quadro è pieno di movimento", "il tempo è vivace"),
        ("arousal", False): ("Il quadro è in quiete", "la musica si prende il suo tempo"),
        ("brightness", True): ("C’è molta luce", "la musica suona acuta e limpida"),
        ("brightness", False): ("C’è poca luce", "la musica suona grave e velata"),
        ("warmth", True): ("Dominano i toni caldi", "gli strumenti suonano morbidi e rotondi"),
        ("warmth", False): ("Dominano i toni freddi", "gli strumenti suonano freddi e nitidi"),
        ("complexity", True): ("L’occhio trova qualcosa ovunque", "la musica cresce e cala più liberamente"),
        ("complexity", False): ("Dice molto con poco", "la musica resta semplice e uniforme"),
        ("weight", True): ("È un quadro di peso", "le note gravi reggono la musica"),
        ("weight", False): ("È lieve come l’aria", "i bassi restano sullo sfondo"),
    },
    in_the_middle=("Luce, colore e movimento sono in equilibrio", "anche la musica sta nel mezzo"),
    because="{}: {}.",
    own_words="Con queste parole: «{}».",
    take_home="Porta a casa questa musica",
    valid="fino alle {}",
    another_piece="Un altro brano",
    own_text="Aggiungi parole tue",
    own_text_title="Come dev’essere la musica?",
    own_text_example="un valzer lento in riva al mare",
    refused="Proviamo con altre parole.",
    cancel="Annulla",
    send="Componi",
    volume="Volume",
    letters=("qwertyuiopè", "asdfghjklòà", "zxcvbnmùì'"),
)

GERMAN = Words(
    name="Art2Mus",
    motto="Musik zu Bildern",
    unknown_artist="Künstler unbekannt",
    unknown_work="Ein Werk, das wir nicht kennen",
    untitled="Ohne Titel",
    composing="die Fortsetzung entsteht",
    invitation="Zeig der Kamera ein Bild und hör seine Musik",
    show_me="Zeig mir ein Bild",
    found="Ich sehe es. Bleib genau so",
    hints={
        Hint.HOLD_STILL: "Einen Moment stillhalten",
        Hint.COME_CLOSER: "Komm ein wenig näher",
        Hint.TOO_DARK: "Es ist zu dunkel",
        Hint.GLARE: "Es spiegelt: bitte etwas kippen",
    },
    answering="Die Musik zu diesem Bild entsteht",
    closed="Wir haben geschlossen",
    why="Warum diese Musik",
    reasons={
        ("valence", True): ("Die Farben sind heiter", "die Musik ist hell gestimmt und in Dur"),
        ("valence", False): ("Die Farben sind düster", "die Musik neigt zum Moll"),
        ("arousal", True): ("Das Bild ist voller Bewegung", "das Tempo ist lebhaft"),
        ("arousal", False): ("Das Bild ruht in sich", "die Musik lässt sich Zeit"),
        ("brightness", True): ("Es ist viel Licht darin", "die Musik klingt hoch und klar"),
        ("brightness", False): ("Es ist wenig Licht darin", "die Musik klingt tief und verhangen"),
        ("warmth", True): ("Warme Töne herrschen vor", "die Instrumente klingen weich und rund"),
        ("warmth", False): ("Kühle Töne herrschen vor", "die Instrumente klingen kühl und klar"),
        ("complexity", True): ("Überall findet das Auge etwas", "die Musik schwillt freier an und ab"),
        ("complexity", False): ("Es sagt viel mit wenig", "die Musik bleibt schlicht und gleichmäßig"),
        ("weight", True): ("Das Bild wiegt schwer", "tiefe Töne tragen die Musik"),
        ("weight", False): ("Das Bild ist leicht wie Luft", "der Bass hält sich zurück"),
    },
    in_the_middle=("Licht, Farbe und Bewegung halten sich die Waage", "auch die Musik bleibt in der Mitte"),
    because="{}: {}.",
    own_words="Mit diesen Worten: „{}“.",
    take_home="Diese Musik mitnehmen",
    valid="bis {} Uhr",
    another_piece="Ein anderes Stück",
    own_text="Eigene Worte",
    own_text_title="Wie soll die Musik sein?",
    own_text_example="ein langsamer Walzer am Meer",
    refused="Versuchen wir es mit anderen Worten.",
    cancel="Abbrechen",
    send="Komponieren",
    volume="Lautstärke",
    letters=("qwertzuiopü", "asdfghjklöä", "yxcvbnmß"),
)

FRENCH = Words(
    name="Art2Mus",
    motto="de la musique pour les tableaux",
    unknown_artist="Artiste inconnu",
    unknown_work="Une œuvre nouvelle pour nous",
    untitled="Sans titre",
    composing="la suite est en train de naître",
    invitation="Montrez un tableau à la caméra et écoutez sa musique",
    show_me="Montrez-moi un tableau",
    found="Je le vois. Restez comme cela",
    hints={
        Hint.HOLD_STILL: "Ne bougez plus un instant",
        Hint.COME_CLOSER: "Approchez-vous un peu",
        Hint.TOO_DARK: "Il fait trop sombre",
        Hint.GLARE: "Il y a un reflet\u00a0: inclinez un peu",
    },
    answering="Je compose la musique de ce tableau",
    closed="Nous sommes fermés",
    why="Pourquoi cette musique",
    reasons={
        ("valence", True): ("Les couleurs sont gaies", "la musique est claire, en majeur"),
        ("valence", False): ("Les couleurs sont sombres", "la musique penche vers le mineur"),
        ("arousal", True): ("Le tableau est plein de mouvement", "le tempo est vif"),
        ("arousal", False): ("Le tableau est en repos", "la musique prend son temps"),
        ("brightness", True): ("La lumière y abonde", "la musique sonne haute et limpide"),
        ("brightness", False): ("La lumière y est rare", "la musique sonne grave et voilée"),
        ("warmth", True): ("Les tons chauds dominent", "les instruments sonnent doux et ronds"),
        ("warmth", False): ("Les tons froids dominent", "les instruments sonnent froids et nets"),
        ("complexity", True): ("L’œil trouve partout à voir", "la musique enfle et retombe plus librement"),
        ("complexity", False): ("Il dit beaucoup avec peu", "la musique reste simple et égale"),
        ("weight", True): ("C’est un tableau qui pèse", "les notes graves portent la musique"),
        ("weight", False): ("Il est léger comme l’air", "la basse reste en retrait"),
    },
    in_the_middle=("Lumière, couleur et mouvement s’équilibrent", "la musique aussi garde le juste milieu"),
    because="{}\u00a0: {}.",
    own_words="Avec ces mots\u00a0: «\u00a0{}\u00a0».",
    take_home="Emportez cette musique",
    valid="jusqu’à {}",
    another_piece="Un autre morceau",
    own_text="Ajouter vos mots",
    own_text_title="Comment doit être la musique\u00a0?",
    own_text_example="une valse lente au bord de la mer",
    refused="Essayons avec d’autres mots.",
    cancel="Annuler",
    send="Composer",
    volume="Volume",
    letters=("azertyuiopéè", "qsdfghjklmàù", "wxcvbnçêô'"),
)

SPANISH = Words(
    name="Art2Mus",
    motto="música para cuadros",
    unknown_artist="Artista desconocido",
    unknown_work="Una obra nueva para nosotros",
    untitled="Sin título",
    composing="está naciendo lo que sigue",
    invitation="Enseña un cuadro a la cámara y escucha su música",
    show_me="Enséñame un cuadro",
    found="Ya lo veo. Mantenlo así",
    hints={
        Hint.HOLD_STILL: "No te muevas un momento",
        Hint.COME_CLOSER: "Acércate un poco",
        Hint.TOO_DARK: "Está demasiado oscuro",
        Hint.GLARE: "Hay un reflejo: inclínalo un poco",
    },
    answering="Estoy componiendo la música de este cuadro",
    closed="Hemos cerrado",
    why="Por qué esta música",
    reasons={
        ("valence", True): ("Los colores son alegres", "la música es clara, en modo mayor"),
        ("valence", False): ("Los colores son sombríos", "la música se inclina al modo menor"),
        ("arousal", True): ("El cuadro está lleno de movimiento", "el tempo es vivo"),
        ("arousal", False): ("El cuadro está en calma", "la música se toma su tiempo"),
        ("brightness", True): ("Hay mucha luz en él", "la música suena aguda y nítida"),
        ("brightness", False): ("Hay poca luz en él", "la música suena grave y velada"),
        ("warmth", True): ("Dominan los tonos cálidos", "los instrumentos suenan suaves y redondos"),
        ("warmth", False): ("Dominan los tonos fríos", "los instrumentos suenan fríos y nítidos"),
        ("complexity", True): ("El ojo encuentra algo en todas partes", "la música crece y mengua con más libertad"),
        ("complexity", False): ("Dice mucho con poco", "la música es sencilla y uniforme"),
        ("weight", True): ("Es un cuadro que pesa", "las notas graves sostienen la música"),
        ("weight", False): ("Es ligero como el aire", "los bajos quedan en segundo plano"),
    },
    in_the_middle=("Luz, color y movimiento están en equilibrio", "también la música guarda el término medio"),
    because="{}: {}.",
    own_words="Con estas palabras: «{}».",
    take_home="Llévate esta música",
    valid="hasta las {}",
    another_piece="Otra pieza",
    own_text="Añade tus palabras",
    own_text_title="¿Cómo debe ser la música?",
    own_text_example="un vals lento a orillas del mar",
    refused="Probemos con otras palabras.",
    cancel="Cancelar",
    send="Componer",
    volume="Volumen",
    letters=("qwertyuiop", "asdfghjklñ", "zxcvbnmáéíóú"),
)

LANGUAGES: Mapping[str, Words] = {
    "en": ENGLISH,
    "it": ITALIAN,
    "de": GERMAN,
    "fr": FRENCH,
    "es": SPANISH,
}
"""By ISO 639-1 code."""
