"""Every word the study's screen says by itself, by language; title and consent are the study's own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StudyWords:
    """What the screen says in one language.

    Attributes:
        language: Its own name for itself.
        begin: On the welcome page.
        resume: Likewise, for a session that was broken off; says how far it was.
        agree: Under the consent.
        decline: Likewise.
        progress: How many artworks have come, this one included, and of how many.
        play: On a track's button, for its letter.
        stop: Likewise while it plays.
        quality: The question about how each track sounds.
        quality_ends: What 1 and 5 mean there.
        pertinence: The question about how each track suits the artwork.
        pertinence_ends: What 1 and 5 mean there.
        preference: Which of the two.
        next: To the next artwork.
        finish: After the last.
        listen_first: Why nothing can be answered yet.
        answer_all: Why it does not go on yet.
        pause: To the pause page.
        paused: Its title.
        kept: What is promised there.
        code: The listener's code, for a later time.
        go_on: Back to the artwork.
        leave: Break the session off.
        thanks: When all is done.
        thanks_more: Under it.
        close: Close the window.
        no_sound: While nothing can be heard.
        not_saved: When an answer could not be written.
        no_picture: When the artwork cannot be read.
        call: What to do about any of these.
    """

    language: str
    begin: str
    resume: str
    agree: str
    decline: str
    progress: str
    play: str
    stop: str
    quality: str
    quality_ends: tuple[str, str]
    pertinence: str
    pertinence_ends: tuple[str, str]
    preference: str
    next: str
    finish: str
    listen_first: str
    answer_all: str
    pause: str
    paused: str
    kept: str
    code: str
    go_on: str
    leave: str
    thanks: str
    thanks_more: str
    close: str
    no_sound: str
    not_saved: str
    no_picture: str
    call: str


WORDS = {
    "en": StudyWords(
        language="English",
        begin="Begin",
        resume="Go on where you stopped ({done} of {all})",
        agree="I agree",
        decline="No, thank you",
        progress="Artwork {number} of {all}",
        play="Play {letter}",
        stop="Stop {letter}",
        quality="How good does the music sound?",
        quality_ends=("bad", "excellent"),
        pertinence="How well does it fit this artwork?",
        pertinence_ends=("not at all", "perfectly"),
        preference="Which music fits the artwork better?",
        next="Next",
        finish="Finish",
        listen_first="Listen to both, as often as you like.",
        answer_all="Answer everything to go on.",
        pause="Pause",
        paused="Paused",
        kept="Your answers so far are kept.",
        code="Your code, to go on another time: {code}",
        go_on="Go on",
        leave="Stop here",
        thanks="Thank you",
        thanks_more="All your answers are kept.",
        close="Close",
        no_sound="There is no sound at the moment",
        not_saved="Your answer could not be saved",
        no_picture="The artwork cannot be shown",
        call="Please tell somebody who works here.",
    ),
    "it": StudyWords(
        language="Italiano",
        begin="Inizia",
        resume="Continua da dove si era fermato ({done} di {all})",
        agree="Accetto",
        decline="No, grazie",
        progress="Opera {number} di {all}",
        play="Ascolta {letter}",
        stop="Ferma {letter}",
        quality="Quanto suona bene la musica?",
        quality_ends=("male", "benissimo"),
        pertinence="Quanto si addice a quest’opera?",
        pertinence_ends=("per niente", "del tutto"),
        preference="Quale musica si addice di più all’opera?",
        next="Avanti",
        finish="Concludi",
        listen_first="Ascolti entrambe, tutte le volte che vuole.",
        answer_all="Risponda a tutto per andare avanti.",
        pause="Pausa",
        paused="In pausa",
        kept="Le risposte date finora sono conservate.",
        code="Il suo codice, per continuare un’altra volta: {code}",
        go_on="Continua",
        leave="Fermati qui",
        thanks="Grazie",
        thanks_more="Tutte le risposte sono conservate.",
        close="Chiudi",
        no_sound="In questo momento non c’è suono",
        not_saved="La risposta non è stata salvata",
        no_picture="L’opera non si può mostrare",
        call="Per favore, lo dica a chi lavora qui.",
    ),
    "de": StudyWords(
        language="Deutsch",
        begin="Beginnen",
        resume="Weiter, wo Sie aufgehört haben ({done} von {all})",
        agree="Ich bin einverstanden",
        decline="Nein, danke",
        progress="Werk {number} von {all}",
        play="{letter} hören",
        stop="{letter} anhalten",
        quality="Wie gut klingt die Musik?",
        quality_ends=("schlecht", "ausgezeichnet"),
        pertinence="Wie gut passt sie zu diesem Werk?",
        pertinence_ends=("gar nicht", "vollkommen"),
        preference="Welche Musik passt besser zum Werk?",
        next="Weiter",
        finish="Fertig",
        listen_first="Hören Sie beide, so oft Sie mögen.",
        answer_all="Weiter geht es, wenn alles beantwortet ist.",
        pause="Pause",
        paused="Pause",
        kept="Ihre Antworten bis hierher sind gespeichert.",
        code="Ihr Kennwort, um später weiterzumachen: {code}",
        go_on="Weitermachen",
        leave="Hier aufhören",
        thanks="Vielen Dank",
        thanks_more="Alle Ihre Antworten sind gespeichert.",
        close="Schließen",
        no_sound="Im Augenblick gibt es keinen Ton",
        not_saved="Ihre Antwort konnte nicht gespeichert werden",
        no_picture="Das Werk kann nicht gezeigt werden",
        call="Bitte sagen Sie jemandem vom Haus Bescheid.",
    ),
    "fr": StudyWords(
        language="Français",
        begin="Commencer",
        resume="Reprendre où vous en étiez ({done} sur {all})",
        agree="J’accepte",
        decline="Non, merci",
        progress="Œuvre {number} sur {all}",
        play="Écouter {letter}",
        stop="Arrêter {letter}",
        quality="La musique sonne-t-elle bien ?",
        quality_ends=("mal", "très bien"),
        pertinence="Convient-elle à cette œuvre ?",
        pertinence_ends=("pas du tout", "parfaitement"),
        preference="Quelle musique convient le mieux à l’œuvre ?",
        next="Suivant",
        finish="Terminer",
        listen_first="Écoutez les deux, autant de fois que vous voulez.",
        answer_all="Répondez à tout pour continuer.",
        pause="Pause",
        paused="Pause",
        kept="Vos réponses jusqu’ici sont conservées.",
        code="Votre code, pour reprendre une autre fois : {code}",
        go_on="Continuer",
        leave="Arrêter ici",
        thanks="Merci",
        thanks_more="Toutes vos réponses sont conservées.",
        close="Fermer",
        no_sound="Il n’y a pas de son pour le moment",
        not_saved="Votre réponse n’a pas pu être enregistrée",
        no_picture="L’œuvre ne peut pas être montrée",
        call="Veuillez prévenir quelqu’un du musée.",
    ),
    "es": StudyWords(
        language="Español",
        begin="Empezar",
        resume="Seguir donde lo dejó ({done} de {all})",
        agree="Acepto",
        decline="No, gracias",
        progress="Obra {number} de {all}",
        play="Oír {letter}",
        stop="Parar {letter}",
        quality="¿Qué tal suena la música?",
        quality_ends=("mal", "muy bien"),
        pertinence="¿Se ajusta a esta obra?",
        pertinence_ends=("nada", "del todo"),
        preference="¿Qué música se ajusta mejor a la obra?",
        next="Siguiente",
        finish="Terminar",
        listen_first="Escuche las dos, cuantas veces quiera.",
        answer_all="Responda a todo para seguir.",
        pause="Pausa",
        paused="En pausa",
        kept="Sus respuestas hasta aquí están guardadas.",
        code="Su código, para seguir otro día: {code}",
        go_on="Seguir",
        leave="Dejarlo aquí",
        thanks="Gracias",
        thanks_more="Todas sus respuestas están guardadas.",
        close="Cerrar",
        no_sound="En este momento no hay sonido",
        not_saved="Su respuesta no se pudo guardar",
        no_picture="La obra no se puede mostrar",
        call="Por favor, avise a alguien del museo.",
    ),
}
