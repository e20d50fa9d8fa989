"""The questions that base and tuned model are both asked, to see whether tuning cost ability.

Facts, words, arithmetic and common sense that any instruct model of a billion parameters knows.
The set is small and fixed: it finds a model that was damaged, it does not rank models. Another
list in another module can be named in evaluate.general_set.
"""

from __future__ import annotations

from source.general import Question

QUESTIONS = (
    Question("What is the capital of France?", ("Paris", "Madrid", "Rome", "Vienna"), 0),
    Question("What is the capital of Japan?", ("Seoul", "Tokyo", "Beijing", "Bangkok"), 1),
    Question("On which continent is Egypt?", ("Europe", "Asia", "Africa", "America"), 2),
    Question("Which ocean lies between Europe and North America?",
             ("Pacific", "Indian", "Arctic", "Atlantic"), 3),
    Question("Which planet is closest to the Sun?", ("Mercury", "Venus", "Mars", "Saturn"), 0),
    Question("What does the Earth orbit?", ("Mars", "the Sun", "the Moon", "Jupiter"), 1),
    Question("What gas do people need to breathe?", ("helium", "neon", "oxygen", "argon"), 2),
    Question("What is water made of?",
             ("carbon and iron", "gold and tin", "salt and sand", "hydrogen and oxygen"), 3),
    Question("At how many degrees Celsius does water boil at sea level?",
             ("100", "50", "10", "500"), 0),
    Question("Which animal barks?", ("cat", "dog", "cow", "hen"), 1),
    Question("Which of these animals can fly?", ("horse", "snake", "eagle", "shark"), 2),
    Question("How many legs does a spider have?", ("four", "six", "two", "eight"), 3),
    Question("What is 2 + 2?", ("4", "5", "3", "7"), 0),
    Question("What is 9 - 4?", ("3", "5", "6", "4"), 1),
    Question("What is 3 times 4?", ("7", "9", "12", "34"), 2),
    Question("What is half of 20?", ("5", "40", "15", "10"), 3),
    Question("Which number is larger than 50?", ("75", "25", "10", "49"), 0),
    Question("Anna has 3 apples and gets 2 more. How many has she?", ("1", "5", "6", "4"), 1),
    Question("How many minutes are in an hour?", ("30", "100", "60", "24"), 2),
    Question("How many days are in a week?", ("five", "ten", "six", "seven"), 3),
    Question("Which day comes after Monday?", ("Tuesday", "Sunday", "Friday", "Saturday"), 0),
    Question("Which month comes before May?", ("June", "April", "March", "August"), 1),
    Question("What is the opposite of hot?", ("warm", "dry", "cold", "red"), 2),
    Question("What is the opposite of up?", ("left", "far", "high", "down"), 3),
    Question("Which word means nearly the same as happy?", ("glad", "angry", "tired", "late"), 0),
    Question("Which word is a verb?", ("table", "run", "green", "under"), 1),
    Question("What is the plural of child?", ("childs", "childes", "children", "child"), 2),
    Question("Which word rhymes with cat?", ("dog", "cup", "sun", "hat"), 3),
    Question("Complete: the sky on a clear day is", ("blue", "green", "purple", "brown"), 0),
    Question("Complete: in winter, snow is", ("hot", "white", "loud", "sweet"), 1),
    Question("Where do fish live?", ("in trees", "in the sky", "in water", "in books"), 2),
    Question("What do you use to cut paper?", ("a spoon", "a pillow", "a cup", "scissors"), 3),
    Question("What do people wear on their feet?", ("shoes", "hats", "gloves", "rings"), 0),
    Question("What does ice do in the sun?", ("it grows", "it melts", "it burns", "it sings"), 1),
    Question("Why do people carry an umbrella?",
             ("to eat", "to sleep", "to stay dry in the rain", "to read"), 2),
    Question("Tom is taller than Ben. Who is shorter?", ("Tom", "both", "neither", "Ben"), 3),
    Question("Who wrote Romeo and Juliet?",
             ("William Shakespeare", "Isaac Newton", "Marie Curie", "Charles Darwin"), 0),
    Question("Which language is mostly spoken in Brazil?",
             ("German", "Portuguese", "Polish", "Greek"), 1),
    Question("What is the chemical symbol of gold?", ("Fe", "Ag", "Au", "Pb"), 2),
    Question("What do bees make?", ("milk", "silk", "wool", "honey"), 3),
)  # fmt: skip
